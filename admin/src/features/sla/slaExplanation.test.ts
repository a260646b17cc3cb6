import { describe, expect, it } from "vitest";
import { FIXED_NOW } from "@/fixtures/now";
import {
  breachedExplanation,
  longExplanation,
  metExplanation,
  pausedExplanation,
  runningExplanation,
} from "@/fixtures/sla";
import { headlineOf, hoursWords, sumsAt, wordsOfSums } from "./slaExplanation";
import { segmentsOf, ticksOf } from "./slaSegments";

const AS_OF = Date.parse(FIXED_NOW);
const HOUR = 3_600_000;

describe("sums go on", () => {
  it("by the clock on the wall where it runs round the clock", () => {
    const before = sumsAt(runningExplanation, AS_OF);
    const after = sumsAt(runningExplanation, AS_OF + HOUR);
    expect(before.counted + before.remaining).toBe(before.target);
    expect(after.counted - before.counted).toBe(3600);
    expect(after.remaining - before.remaining).toBe(-3600);
  });

  it("as a pause while paused, and not at all once solved", () => {
    const paused = sumsAt(pausedExplanation, AS_OF + HOUR);
    expect(paused.paused - sumsAt(pausedExplanation, AS_OF).paused).toBe(3600);
    expect(paused.remaining).toBe(sumsAt(pausedExplanation, AS_OF).remaining);
    expect(sumsAt(metExplanation, AS_OF + HOUR)).toEqual(sumsAt(metExplanation, AS_OF));
  });

  it("only in open hours, and the rest as closed ones", () => {
    const intervals = longExplanation.intervals?.filter(({ kind }) => kind !== "SLA_INTERVAL_KIND_PAUSED") ?? [];
    const explanation = { ...longExplanation, intervals };
    const [before, after] = [sumsAt(explanation, AS_OF), sumsAt(explanation, AS_OF + 24 * HOUR)];
    expect(after.counted - before.counted).toBe(8 * 3600);
    expect(after.closed - before.closed).toBe(16 * 3600);
  });
});

describe("headlines", () => {
  it("tell a breach with its reason", () => {
    const { title, text } = headlineOf(breachedExplanation, AS_OF);
    expect(title).toContain("Breached on 23 Nov 2026");
    expect(text).toBe(
      "By then 4 h (policy for Critical, version 3) had counted. So far: 5 h 35 min counted, 50 min paused.",
    );
  });

  it("come to a breach by themselves", () => {
    const due = Date.parse(runningExplanation.slaDueAt ?? "");
    expect(headlineOf(runningExplanation, AS_OF).tone).toBe("success");
    expect(headlineOf(runningExplanation, due - HOUR).title).toMatch(/^Near breach, due on/);
    expect(headlineOf(runningExplanation, due).title).toMatch(/^Breached on/);
  });

  it("tell a pause, a solution in time, and that nothing applies", () => {
    expect(headlineOf(pausedExplanation, AS_OF).text).toContain("19 h are left when it goes on");
    expect(headlineOf(metExplanation, AS_OF).title).toBe("Met: solved with 12 h 40 min to spare");
    expect(headlineOf({}, AS_OF).title).toBe("No SLA");
  });
});

it("hours are the largest unit of counted time", () => {
  expect([0, 59, 60, 3600, 90_061, -5400].map(hoursWords)).toEqual([
    "0 s",
    "59 s",
    "1 min",
    "1 h",
    "25 h 1 min",
    "−1 h 30 min",
  ]);
});

describe("what counted and what remains come to the target", () => {
  const DAY = 86_400;
  it.each([
    [4_345, "1 h 12 min", "22 h 48 min"],
    [4_320, "1 h 12 min", "22 h 48 min"],
    [0, "0 s", "24 h"],
    [45.5, "45 s", "24 h"],
    [DAY - 60.5, "23 h 58 min", "2 min"],
    [DAY - 59.5, "23 h 59 min", "59 s"],
    [DAY - 1, "23 h 59 min", "1 s"],
    [DAY, "24 h", "0 s"],
    [DAY + 30, "24 h", "30 s"],
    [DAY + 90, "24 h 1 min", "1 min"],
    [DAY + 4_345, "25 h 12 min", "1 h 12 min"],
  ])("of 24 h after %d s", (counted, ...words) => {
    const told = wordsOfSums({ target: DAY, counted, paused: 0, closed: 0, remaining: DAY - counted });
    expect([told.counted, told.remaining]).toEqual(words);
  });

  it("in the headline, too", () => {
    const target = (metExplanation.policy?.resolutionTimeMinutes ?? 0) * 60;
    const explanation = { ...metExplanation, counted: "4345s", remaining: `${target - 4345}s` };
    const { title, text } = headlineOf(explanation, AS_OF);
    expect(title).toBe(`Met: solved with ${hoursWords(target - 4320)} to spare`);
    expect(text).toContain("1 h 12 min counted");
  });
});

describe("segments of the drawing", () => {
  const intervals = longExplanation.intervals ?? [];
  const [from, to] = [Date.parse(intervals[0]?.start ?? ""), AS_OF];

  it("are few, without gaps, and leave no interval out", () => {
    const segments = segmentsOf(intervals, from, to, (to - from) * 0.003);
    expect(segments.length).toBeLessThan(334);
    expect(segments.reduce((sum, { count }) => sum + count, 0)).toBe(intervals.length);
    for (const [index, segment] of segments.entries()) {
      expect(segment.start).toBe(index === 0 ? from : segments[index - 1]?.end);
    }
  });

  it("are cut at the edges of what is drawn", () => {
    const segments = segmentsOf(intervals, to - 2 * HOUR, to - HOUR, 0);
    expect([segments[0]?.start, segments.at(-1)?.end]).toEqual([to - 2 * HOUR, to - HOUR]);
  });

  it("an axis has labels on whole steps, no more than asked for", () => {
    for (const length of [HOUR, 30 * HOUR, 400 * 24 * HOUR]) {
      expect(ticksOf(from, from + length, 6).length).toBeLessThanOrEqual(7);
    }
  });
});
