import type { Calendar, Schemas } from "@/api/schemas";
import { DAYS, type Day, type Hours, MINUTES_A_DAY, minuteOf } from "@/features/sla/openHours";

/** A window that is being written: minutes after midnight, null while what stands there is no time. */
export type WindowDraft = { key: string; opens: number | null; closes: number | null };
export type WeekDraft = Readonly<Record<Day, readonly WindowDraft[]>>;
/** A day that is closed; `year` 0 is every year. */
export type HolidayDraft = { key: string; year: number; month: number; day: number; name: string };

export type CalendarDraft = {
  id: string;
  displayName: string;
  timeZone: string;
  week: WeekDraft;
  holidays: readonly HolidayDraft[];
};

export const DAY_NAMES: Readonly<Record<Day, string>> = {
  DAY_OF_WEEK_MONDAY: "Monday",
  DAY_OF_WEEK_TUESDAY: "Tuesday",
  DAY_OF_WEEK_WEDNESDAY: "Wednesday",
  DAY_OF_WEEK_THURSDAY: "Thursday",
  DAY_OF_WEEK_FRIDAY: "Friday",
  DAY_OF_WEEK_SATURDAY: "Saturday",
  DAY_OF_WEEK_SUNDAY: "Sunday",
};

/** What the API takes for an id. */
export const CALENDAR_ID = /^[a-z0-9-]{1,50}$/;

let keys = 0;

/** Rows of a form keep their place by it. */
export function rowKey(): string {
  keys += 1;
  return `row-${keys}`;
}

/** Weekdays from nine to six in India: what a new calendar begins with. */
export function newDraft(): CalendarDraft {
  const week = weekOf(DAYS.slice(0, 5).map((day) => ({ day, opensAt: { hours: 9 }, closesAt: { hours: 18 } })));
  return { id: "", displayName: "", timeZone: "Asia/Kolkata", week, holidays: [] };
}

export function draftOf(calendar: Calendar): CalendarDraft {
  return {
    id: calendar.id ?? "",
    displayName: calendar.displayName ?? "",
    timeZone: calendar.timeZone ?? "UTC",
    week: weekOf(calendar.windows ?? []),
    holidays: (calendar.holidays ?? []).map(({ date, displayName }) => ({
      key: rowKey(),
      year: date?.year ?? 0,
      month: date?.month ?? 1,
      day: date?.day ?? 1,
      name: displayName ?? "",
    })),
  };
}

function weekOf(windows: readonly Schemas["BusinessWindow"][]): WeekDraft {
  const ofDay = (day: Day) =>
    windows
      .filter((window) => window.day === day)
      .map(({ opensAt, closesAt }) => ({ key: rowKey(), opens: minuteOf(opensAt), closes: minuteOf(closesAt) }));
  return Object.fromEntries(DAYS.map((day) => [day, ofDay(day)])) as unknown as WeekDraft;
}

/** The body of the call. Its windows are in the order of `windowKeys`, so that a refused one can be found again. */
export function bodyOf(draft: CalendarDraft) {
  return {
    displayName: draft.displayName.trim(),
    timeZone: draft.timeZone,
    windows: DAYS.flatMap((day) =>
      draft.week[day].map(({ opens, closes }) => ({ day, opensAt: timeOf(opens), closesAt: timeOf(closes) })),
    ),
    holidays: draft.holidays.map(({ year, month, day, name }) => ({
      date: { year, month, day },
      ...(name.trim() && { displayName: name.trim() }),
    })),
  };
}

export function windowKeys(draft: CalendarDraft): string[] {
  return DAYS.flatMap((day) => draft.week[day].map(({ key }) => key));
}

/** The hours of a draft as far as they make sense, to draw them while they are written. */
export function hoursOf(draft: CalendarDraft): Hours {
  const { windows, ...more } = bodyOf(draft);
  return { ...more, windows: windows.filter((window) => minuteOf(window.opensAt) < minuteOf(window.closesAt)) };
}

/** What is wrong with the windows, by their keys; empty when all are fine. */
export function windowErrors(week: WeekDraft): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  for (const day of DAYS) {
    const sorted = [...week[day]].sort((one, other) => (one.opens ?? 0) - (other.opens ?? 0));
    let end = 0;
    for (const { key, opens, closes } of sorted) {
      if (opens === null || closes === null || opens >= MINUTES_A_DAY) {
        errors.set(key, "Times are 00:00 to 24:00, such as 9:30.");
      } else if (closes <= opens) {
        errors.set(key, "Must close after it opens. Hours past midnight are a window of the next day.");
      } else if (opens < end) {
        errors.set(key, "Overlaps another window of the day.");
      } else {
        end = closes;
      }
    }
  }
  return errors;
}

/** Whether all days together have a window. */
export function hasWindows(week: WeekDraft): boolean {
  return DAYS.some((day) => week[day].length > 0);
}

/** "9", "9:30", "0930", "24:00" → minutes after midnight; null for what is none. */
export function parseTime(text: string): number | null {
  const [, hours, minutes = "0"] = /^\s*(\d{1,2})(?:[:.]?(\d{2}))?\s*$/.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return hours !== undefined && Number(minutes) < 60 && minute <= MINUTES_A_DAY ? minute : null;
}

/** 570 → "09:30". */
export function timeWords(minute: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function timeOf(minute: number | null): Schemas["TimeOfDay"] {
  return { hours: Math.floor((minute ?? 0) / 60), minutes: (minute ?? 0) % 60 };
}

/** The fields of a calendar that two people can have changed in two ways. */
const CALENDAR_FIELDS = ["displayName", "timeZone", "week", "holidays"] as const;
export type CalendarField = (typeof CALENDAR_FIELDS)[number];
export const CALENDAR_LABELS: Readonly<Record<CalendarField, string>> = {
  displayName: "Name",
  timeZone: "Time zone",
  week: "Open hours",
  holidays: "Holidays",
};

/** A field for people, and to compare: two drafts say the same when their words are the same. */
export function calendarWords(field: CalendarField, draft: CalendarDraft): string {
  switch (field) {
    case "week":
      return DAYS.filter((day) => draft.week[day].length > 0)
        .map((day) => `${DAY_NAMES[day].slice(0, 3)} ${draft.week[day].map(windowWords).sort().join(", ")}`)
        .join("; ");
    case "holidays":
      return draft.holidays.map(holidayWords).sort().join("; ") || "None";
    default:
      return draft[field].trim();
  }
}

function windowWords({ opens, closes }: WindowDraft): string {
  return `${timeWords(opens ?? 0)}–${timeWords(closes ?? 0)}`;
}

function holidayWords({ year, month, day, name }: HolidayDraft): string {
  const date = [year || "every year", String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
  return name.trim() ? `${date} ${name.trim()}` : date;
}

export function changedCalendarFields(before: CalendarDraft, after: CalendarDraft): CalendarField[] {
  return CALENDAR_FIELDS.filter((field) => calendarWords(field, before) !== calendarWords(field, after));
}
