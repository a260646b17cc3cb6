import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { noteTime, presentMs } from "./clock";
import { fromNow } from "./time";

const NOW = Date.parse("2026-11-23T12:00:00Z");

beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => {
  noteTime(new Date(Date.now()).toUTCString());
  vi.useRealTimers();
});

it("is this machine's, but for a clock that is wrong", () => {
  noteTime("Mon, 23 Nov 2026 12:00:40 GMT");
  expect(presentMs()).toBe(NOW);
  noteTime("Mon, 23 Nov 2026 21:00:00 GMT");
  expect(presentMs()).toBe(NOW + 9 * 3_600_000);
  expect(fromNow("2026-11-23T20:55:00Z")).toBe("5 minutes ago");
  for (const nothing of [null, "", "yesterday"]) {
    noteTime(nothing);
  }
  expect(presentMs()).toBe(NOW + 9 * 3_600_000);
  noteTime("Mon, 23 Nov 2026 12:00:00 GMT");
  expect(presentMs()).toBe(NOW);
});
