import { describe, expect, it } from "vitest";
import type { Calendar } from "@/api/schemas";
import {
  bodyOf,
  changedCalendarFields,
  draftOf,
  newDraft,
  parseTime,
  timeWords,
  type WindowDraft,
  windowErrors,
} from "./calendarDraft";

const CALENDAR: Calendar = {
  id: "office",
  displayName: "Office",
  timeZone: "Asia/Kolkata",
  windows: [
    { day: "DAY_OF_WEEK_MONDAY", opensAt: { hours: 9 }, closesAt: { hours: 13 } },
    { day: "DAY_OF_WEEK_MONDAY", opensAt: { hours: 14 }, closesAt: { hours: 18, minutes: 30 } },
    { day: "DAY_OF_WEEK_SUNDAY", closesAt: { hours: 24 } },
  ],
  holidays: [{ date: { month: 1, day: 26 }, displayName: "Republic Day" }, { date: { year: 2026, month: 11, day: 8 } }],
};

it("a calendar that is not touched is sent as it came, what proto3 leaves out filled in", () => {
  expect(bodyOf(draftOf(CALENDAR))).toEqual({
    displayName: "Office",
    timeZone: "Asia/Kolkata",
    windows: [
      { day: "DAY_OF_WEEK_MONDAY", opensAt: { hours: 9, minutes: 0 }, closesAt: { hours: 13, minutes: 0 } },
      { day: "DAY_OF_WEEK_MONDAY", opensAt: { hours: 14, minutes: 0 }, closesAt: { hours: 18, minutes: 30 } },
      { day: "DAY_OF_WEEK_SUNDAY", opensAt: { hours: 0, minutes: 0 }, closesAt: { hours: 24, minutes: 0 } },
    ],
    holidays: [
      { date: { year: 0, month: 1, day: 26 }, displayName: "Republic Day" },
      { date: { year: 2026, month: 11, day: 8 } },
    ],
  });
});

it.each([
  ["9", 540],
  ["09:30", 570],
  ["0930", 570],
  ["9.05", 545],
  ["24:00", 1440],
  ["24", 1440],
  ["00:00", 0],
  ["24:01", null],
  ["9:60", null],
  ["", null],
  ["nine", null],
])("%j is %s minutes after midnight", (text, minute) => {
  expect(parseTime(text)).toBe(minute);
});

it("times are told with two digits", () => {
  expect([0, 545, 1440].map(timeWords)).toEqual(["00:00", "09:05", "24:00"]);
});

describe("windows of a day", () => {
  const errorsOf = (...windows: [number | null, number | null][]) => {
    const monday: WindowDraft[] = windows.map(([opens, closes], index) => ({ key: String(index), opens, closes }));
    return [...windowErrors({ ...newDraft().week, DAY_OF_WEEK_MONDAY: monday }).keys()];
  };

  it("may touch, in any order", () => {
    expect(errorsOf([780, 1080], [540, 780])).toEqual([]);
  });

  it("may not overlap, end before they begin, or begin at 24:00", () => {
    expect(errorsOf([540, 780], [720, 1080])).toEqual(["1"]);
    expect(errorsOf([540, 540])).toEqual(["0"]);
    expect(errorsOf([1440, 1440])).toEqual(["0"]);
    expect(errorsOf([null, 600])).toEqual(["0"]);
  });
});

it("two drafts differ in the fields that say something else, whatever the order of rows", () => {
  const before = draftOf(CALENDAR);
  const turned = { ...before, holidays: [...before.holidays].reverse() };
  expect(changedCalendarFields(before, turned)).toEqual([]);
  expect(changedCalendarFields(before, { ...turned, timeZone: "UTC", displayName: "Office 2" })).toEqual([
    "displayName",
    "timeZone",
  ]);
});
