import { describe, expect, it } from "vitest";
import { DAYS, type Hours, openBetween, openingAt, openSpans } from "./openHours";

const HOUR = 3_600_000;
const at = (instant: string) => Date.parse(instant);

function weekdays(timeZone: string, opens = 9, closes = 18): Hours {
  return {
    timeZone,
    windows: DAYS.slice(0, 5).map((day) => ({ day, opensAt: { hours: opens }, closesAt: { hours: closes } })),
  };
}

const OFFICE = weekdays("Asia/Kolkata");

describe("hours of an office", () => {
  it("open and close by the clock of the zone", () => {
    expect(openSpans(OFFICE, at("2026-11-23T00:00:00Z"), at("2026-11-24T00:00:00Z"))).toEqual([
      { start: at("2026-11-23T03:30:00Z"), end: at("2026-11-23T12:30:00Z") },
    ]);
  });

  it("a deadline of ten hours from Friday noon reaches into Monday", () => {
    const friday = at("2026-11-20T06:30:00Z");
    expect(openBetween(OFFICE, friday, at("2026-11-23T07:30:00Z"))).toBe(10 * HOUR);
  });

  it("say when they open next, over a weekend and a holiday, and when they close", () => {
    const saturday = at("2026-11-21T06:00:00Z");
    expect(openingAt(OFFICE, saturday)).toEqual({ isOpen: false, until: at("2026-11-23T03:30:00Z") });
    const holiday = { ...OFFICE, holidays: [{ date: { year: 2026, month: 11, day: 23 } }] };
    expect(openingAt(holiday, saturday)).toEqual({ isOpen: false, until: at("2026-11-24T03:30:00Z") });
    expect(openingAt(OFFICE, at("2026-11-23T04:30:00Z"))).toEqual({
      isOpen: true,
      until: at("2026-11-23T12:30:00Z"),
    });
  });

  it("a holiday without a year comes every year", () => {
    const hours = { ...OFFICE, holidays: [{ date: { month: 1, day: 26 } }] };
    for (const year of [2026, 2027]) {
      expect(openBetween(hours, at(`${year}-01-26T00:00:00Z`), at(`${year}-01-26T18:00:00Z`))).toBe(0);
    }
  });

  it("windows that touch at midnight are one stretch", () => {
    const hours: Hours = {
      timeZone: "UTC",
      windows: [
        { day: "DAY_OF_WEEK_MONDAY", opensAt: { hours: 20 }, closesAt: { hours: 24 } },
        { day: "DAY_OF_WEEK_TUESDAY", opensAt: {}, closesAt: { hours: 4 } },
      ],
    };
    const spans = openSpans(hours, at("2026-11-23T00:00:00Z"), at("2026-11-25T00:00:00Z"));
    expect(spans).toEqual([{ start: at("2026-11-23T20:00:00Z"), end: at("2026-11-24T04:00:00Z") }]);
  });

  it("never open, and always open, are told within the year that is looked at", () => {
    expect(openingAt({ timeZone: "UTC", windows: [] }, 0)).toEqual({ isOpen: false, until: null });
    const always: Hours = {
      timeZone: "UTC",
      windows: DAYS.map((day) => ({ day, opensAt: {}, closesAt: { hours: 24 } })),
    };
    expect(openingAt(always, 0)).toEqual({ isOpen: true, until: null });
    expect(openBetween(null, 5, 12)).toBe(7);
  });
});

describe("changes of clocks", () => {
  const nights: Hours = {
    timeZone: "Europe/Berlin",
    windows: [{ day: "DAY_OF_WEEK_SUNDAY", opensAt: { hours: 1 }, closesAt: { hours: 4 } }],
  };

  it("an hour that is skipped inside a window does not count", () => {
    expect(openBetween(nights, at("2026-03-29T00:00:00Z"), at("2026-03-29T06:00:00Z"))).toBe(2 * HOUR);
  });

  it("an hour that is repeated counts twice", () => {
    expect(openBetween(nights, at("2026-10-24T22:00:00Z"), at("2026-10-25T06:00:00Z"))).toBe(4 * HOUR);
  });

  it("an opening that is skipped is the instant of the change", () => {
    const hours: Hours = {
      timeZone: "Europe/Berlin",
      windows: [{ day: "DAY_OF_WEEK_SUNDAY", opensAt: { hours: 2, minutes: 30 }, closesAt: { hours: 5 } }],
    };
    expect(openSpans(hours, at("2026-03-29T00:00:00Z"), at("2026-03-29T06:00:00Z"))).toEqual([
      { start: at("2026-03-29T01:00:00Z"), end: at("2026-03-29T03:00:00Z") },
    ]);
  });
});
