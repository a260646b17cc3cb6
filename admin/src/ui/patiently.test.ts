import { afterEach, expect, it, vi } from "vitest";
import { patiently } from "./patiently";

afterEach(() => vi.restoreAllMocks());

it("asks again once there is a network", async () => {
  const online = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  const load = vi.fn().mockRejectedValueOnce(new TypeError("no network")).mockResolvedValueOnce("part");
  const part = patiently(load)();
  await vi.waitFor(() => expect(load).toHaveBeenCalledOnce());
  online.mockReturnValue(true);
  window.dispatchEvent(new Event("online"));
  await expect(part).resolves.toBe("part");
});

it("fails where the part is gone", async () => {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(true);
  const load = vi.fn().mockRejectedValue(new TypeError("404"));
  await expect(patiently(load)()).rejects.toThrow("404");
  expect(load).toHaveBeenCalledOnce();
});

it("asks again for a style sheet too", () => {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  const link = document.createElement("link");
  link.rel = "stylesheet";
  document.head.append(link);
  link.dispatchEvent(new Event("error"));
  window.dispatchEvent(new Event("online"));
  expect(link.isConnected).toBe(false);
  expect(document.querySelectorAll('link[rel="stylesheet"]')).toHaveLength(1);
});
