import { act, render, screen } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { afterEach, describe, expect, it, vi } from "vitest";
import { api, unwrap } from "@/api/client";
import { noteAnswer, SILENCE_MS } from "@/api/connection";
import { createQueryClient } from "@/app/queryClient";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { ConnectionNotice } from "./ConnectionNotice";

const OFFLINE = /You are offline\. What you see may be old/;
const UNREACHABLE = /The service does not answer/;

function setOnline(online: boolean): void {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(online);
  act(() => void window.dispatchEvent(new Event(online ? "online" : "offline")));
}

async function ask(): Promise<void> {
  await act(() => unwrap(api.GET("/admin/me")).catch(() => undefined));
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  noteAnswer();
});

describe("the notice of the connection", () => {
  it("comes and goes with the network", () => {
    render(<ConnectionNotice />);
    expect(screen.queryByRole("alert")).toBeNull();
    setOnline(false);
    expect(screen.getByRole("alert")).toHaveTextContent(OFFLINE);
    setOnline(true);
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("comes when requests get no answer, and goes with the first answer, a refusal too", async () => {
    renderView(<ConnectionNotice />);
    server.use(http.get("*/admin/me", () => HttpResponse.error()));
    await ask();
    expect(screen.queryByRole("alert")).toBeNull();
    await ask();
    expect(screen.getByRole("alert")).toHaveTextContent(UNREACHABLE);
    server.use(http.get("*/admin/me", () => HttpResponse.json({}, { status: 503 })));
    await ask();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("comes when a call is not answered in the time that a gateway has, and the call goes on", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let answer: (response: Response) => void = () => undefined;
    vi.stubGlobal(
      "fetch",
      () =>
        new Promise<Response>((resolve) => {
          answer = resolve;
        }),
    );
    render(<ConnectionNotice />);
    const call = unwrap(api.GET("/admin/me"));
    await act(() => vi.advanceTimersByTimeAsync(SILENCE_MS - 1));
    expect(screen.queryByRole("alert")).toBeNull();
    await act(() => vi.advanceTimersByTimeAsync(1));
    expect(screen.getByRole("alert")).toHaveTextContent(UNREACHABLE);
    answer(Response.json({ userId: "who" }));
    await act(() => expect(call).resolves.toEqual({ userId: "who" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("does not count what the page itself took back", async () => {
    renderView(<ConnectionNotice />);
    for (let each = 0; each < 3; each++) {
      const controller = new AbortController();
      const call = unwrap(api.GET("/admin/me", { signal: controller.signal }));
      controller.abort();
      await expect(call).rejects.toThrow();
    }
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

it("a change that is made without a network fails at once and is not sent later", async () => {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  let sent = 0;
  server.use(
    http.post("*/tickets", () => {
      sent += 1;
      return HttpResponse.error();
    }),
  );
  const queryClient = createQueryClient();
  const change = queryClient.getMutationCache().build(queryClient, {
    mutationFn: () => unwrap(api.POST("/tickets", { body: { title: "T", description: "D" } })),
    ...queryClient.getDefaultOptions().mutations,
  });
  await expect(change.execute(undefined)).rejects.toThrow("The service cannot be reached");
  expect(sent).toBe(1);
  expect(queryClient.isMutating()).toBe(0);
});
