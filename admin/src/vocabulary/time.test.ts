import { describe, expect, it } from "vitest";
import { lengthOf, secondsOf } from "./time";

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

it("reads a google.protobuf.Duration", () => {
  expect(secondsOf("5400.5s")).toBe(5400.5);
  expect(secondsOf("-3s")).toBe(-3);
});
