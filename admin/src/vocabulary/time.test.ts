import { describe, expect, it, vi } from "vitest";
import { fromNowShort, lengthOf, secondsOf } from "./time";

describe("lengthOf", () => {
  it.each([
    [0, "0 s"],
    [0.4, "0 s"],
    [45, "45 s"],
    [60, "1 min"],
    [90, "1 min 30 s"],
    [3_600, "1 h"],
    [3_605, "1 h"],
    [5_400, "1 h 30 min"],
    [86_400 + 7_200 + 60, "1 d 2 h"],
    [86_400 + 60, "1 d"],
    [-90, "−1 min 30 s"],
  ])("says %d seconds as %s", (seconds, text) => expect(lengthOf(seconds)).toBe(text));
});

describe("fromNowShort", () => {
  it.each([
    [0, "now"],
    [-59, "now"],
    [-60, "1 min ago"],
    [-7_199, "1 h ago"],
    [-47 * 3_600, "1 d ago"],
    [-29 * 86_400, "29 d ago"],
    [-45 * 86_400, "1 mo ago"],
    [-364 * 86_400, "11 mo ago"],
    [-800 * 86_400, "2 y ago"],
    [90, "in 1 min"],
    [3 * 86_400, "in 3 d"],
  ])("says %d seconds from now as %s", (seconds, text) => {
    vi.useFakeTimers({ now: Date.parse("2026-11-23T12:00:00Z") });
    expect(fromNowShort(new Date(Date.now() + seconds * 1000).toISOString())).toBe(text);
    vi.useRealTimers();
  });
});

it("reads a google.protobuf.Duration", () => {
  expect(secondsOf("5400.5s")).toBe(5400.5);
  expect(secondsOf("-3s")).toBe(-3);
});
