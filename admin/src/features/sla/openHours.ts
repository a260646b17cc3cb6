import type { Calendar, Schemas } from "@/api/schemas";

/** A stretch of time in milliseconds since 1970: `start` belongs to it, `end` is the first instant that does not. */
export type Span = { start: number; end: number };

/** What of a calendar says when it is open; also one that is being written. */
export type Hours = Pick<Calendar, "timeZone" | "windows" | "holidays">;

export const MINUTES_A_DAY = 1440;
const DAY_MS = 86_400_000;
const LOOK_AHEAD_DAYS = 370;

export const DAYS = [
  "DAY_OF_WEEK_MONDAY",
  "DAY_OF_WEEK_TUESDAY",
  "DAY_OF_WEEK_WEDNESDAY",
  "DAY_OF_WEEK_THURSDAY",
  "DAY_OF_WEEK_FRIDAY",
  "DAY_OF_WEEK_SATURDAY",
  "DAY_OF_WEEK_SUNDAY",
] as const satisfies readonly Schemas["DayOfWeek"][];

export type Day = (typeof DAYS)[number];

/** Minutes after midnight. */
export function minuteOf(time: Schemas["TimeOfDay"] | undefined): number {
  return (time?.hours ?? 0) * 60 + (time?.minutes ?? 0);
}

/**
 * The open stretches of [from, to), oldest first, as the server counts them (server/domain/calendars.py): a time that a
 * change of clocks skips is the instant of the change, and an hour that is repeated counts twice.
 */
export function openSpans(hours: Hours, from: number, to: number): Span[] {
  const zone = hours.timeZone || "UTC";
  const closed = holidayKeys(hours.holidays);
  const spans: Span[] = [];
  // No zone is as much as two days away from UTC.
  for (let day = Math.floor(from / DAY_MS) - 2; day * DAY_MS < to + 2 * DAY_MS; day += 1) {
    const midnight = day * DAY_MS;
    const date = new Date(midnight);
    const monthAndDay = `${date.getUTCMonth() + 1}-${date.getUTCDate()}`;
    if (closed.has(`0-${monthAndDay}`) || closed.has(`${date.getUTCFullYear()}-${monthAndDay}`)) {
      continue;
    }
    const weekday = DAYS[(date.getUTCDay() + 6) % 7];
    for (const window of hours.windows ?? []) {
      if (window.day === weekday) {
        const start = Math.max(from, firstInstantOf(midnight + minuteOf(window.opensAt) * 60_000, zone));
        const end = Math.min(to, lastInstantOf(midnight + minuteOf(window.closesAt) * 60_000, zone));
        if (start < end) {
          spans.push({ start, end });
        }
      }
    }
  }
  return merged(spans);
}

/** Open time in [from, to), in milliseconds; null stands for 24 × 7. */
export function openBetween(hours: Hours | null, from: number, to: number): number {
  if (hours === null) {
    return Math.max(0, to - from);
  }
  return openSpans(hours, from, to).reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Whether it is open at an instant, and when that ends; null for an end that is more than a year away. */
export function openingAt(hours: Hours, at: number): { isOpen: boolean; until: number | null } {
  const isOpen = openSpans(hours, at, at + 1).length > 0;
  for (let ahead = 0; ahead < LOOK_AHEAD_DAYS; ahead += 10) {
    const from = at + ahead * DAY_MS;
    const to = from + 10 * DAY_MS;
    const [first, ...others] = openSpans(hours, from, to);
    if (!isOpen && first !== undefined) {
      return { isOpen, until: first.start };
    }
    if (isOpen && (first === undefined || first.start > from)) {
      return { isOpen, until: from };
    }
    if (isOpen && first !== undefined && (first.end < to || others.length > 0)) {
      return { isOpen, until: first.end };
    }
  }
  return { isOpen, until: null };
}

/** "2026-1-26", or "0-1-26" for every year. */
function holidayKeys(holidays: readonly Schemas["Holiday"][] = []): ReadonlySet<string> {
  return new Set(holidays.map(({ date }) => `${date?.year ?? 0}-${date?.month ?? 0}-${date?.day ?? 0}`));
}

function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of [...spans].sort((one, other) => one.start - other.start)) {
    const last = result.at(-1);
    if (last !== undefined && span.start <= last.end) {
      last.end = Math.max(last.end, span.end);
    } else {
      result.push({ ...span });
    }
  }
  return result;
}

/** The first instant at which a clock in the zone shows `local` (as if it were UTC), or has just skipped it. */
function firstInstantOf(local: number, zone: string): number {
  const [shown] = instantsOf(local, zone);
  return shown ?? changeAround(local, zone);
}

/** The instant after the last one at which a clock in the zone shows a time before `local`. */
function lastInstantOf(local: number, zone: string): number {
  return instantsOf(local, zone).at(-1) ?? changeAround(local, zone);
}

/** The instants at which a clock in the zone shows `local`: one, two where it is repeated, none where it is skipped. */
function instantsOf(local: number, zone: string): number[] {
  const offsets = new Set([offsetAt(local - DAY_MS, zone), offsetAt(local + DAY_MS, zone)]);
  return [...offsets]
    .map((offset) => local - offset)
    .filter((instant) => instant + offsetAt(instant, zone) === local)
    .sort((one, other) => one - other);
}

/** The instant at which clocks jump over `local`. */
function changeAround(local: number, zone: string): number {
  let low = local - DAY_MS;
  let high = local + DAY_MS;
  const before = offsetAt(low, zone);
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (offsetAt(middle, zone) === before) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return high;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock in the zone is ahead of UTC, in milliseconds. */
function offsetAt(instant: number, zone: string): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  const shown: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instant)) {
    shown[type] = Number(value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}
