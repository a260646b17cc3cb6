import { afterEach, expect, it, vi } from "vitest";
import { forgetKept, keep, readKept } from "./kept";

afterEach(() => vi.restoreAllMocks());

it("keeps texts and forgets those that are named", () => {
  keep("local", "tickets.a", "1");
  keep("session", "tickets.b.c", "2");
  keep("session", "tickets.d", "3");
  forgetKept("session", "tickets.b.");
  expect([
    localStorage.getItem("tickets.a"),
    readKept("session", "tickets.b.c"),
    readKept("session", "tickets.d"),
  ]).toEqual(["1", null, "3"]);
  keep("local", "tickets.a", null);
  expect(localStorage.length).toBe(0);
});

it("holds what a full storage does not take, for as long as the page", () => {
  const full = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("", "QuotaExceededError");
  });
  keep("local", "tickets.full", "new");
  expect(readKept("local", "tickets.full")).toBe("new");
  full.mockRestore();
  keep("local", "tickets.full", "newer");
  expect(localStorage.getItem("tickets.full")).toBe("newer");
});

it("does without a storage where the browser gives pages none", () => {
  vi.spyOn(window, "localStorage", "get").mockImplementation(() => {
    throw new DOMException("", "SecurityError");
  });
  expect(readKept("local", "tickets.none")).toBeNull();
  keep("local", "tickets.none", "here");
  expect(readKept("local", "tickets.none")).toBe("here");
  forgetKept("local", "tickets.");
  expect(readKept("local", "tickets.none")).toBeNull();
});
