import dayjs from "dayjs";
import type { Schemas } from "@/api/schemas";

type TimeRange = Schemas["TimeRange"];

/** A span told from now. It is made absolute when somebody picks it, so that a list means the same on every page. */
export type RangePreset = { label: string; resolve(now: Date): TimeRange };

const HOUR_MS = 3_600_000;

function next(label: string, hours: number): RangePreset {
  return { label, resolve: (now) => ({ start: now.toISOString(), end: after(now, hours) }) };
}

function last(label: string, hours: number): RangePreset {
  return { label, resolve: (now) => ({ start: after(now, -hours) }) };
}

function after(now: Date, hours: number): string {
  return new Date(now.getTime() + hours * HOUR_MS).toISOString();
}

export const DUE_PRESETS: readonly RangePreset[] = [
  next("In the next hour", 1),
  next("In the next 4 hours", 4),
  { label: "Today", resolve: (now) => dayOf(now, 0) },
  { label: "Tomorrow", resolve: (now) => dayOf(now, 1) },
  next("In the next 7 days", 7 * 24),
  { label: "Overdue", resolve: (now) => ({ end: now.toISOString() }) },
];

export const PAST_PRESETS: readonly RangePreset[] = [
  last("In the last hour", 1),
  { label: "Today", resolve: (now) => dayOf(now, 0) },
  { label: "Yesterday", resolve: (now) => dayOf(now, -1) },
  last("In the last 7 days", 7 * 24),
  last("In the last 30 days", 30 * 24),
  { label: "More than 30 days ago", resolve: (now) => ({ end: after(now, -30 * 24) }) },
];

/** A day of the browser's calendar, which is not always 24 hours long. */
function dayOf(now: Date, days: number): TimeRange {
  const start = dayjs(now).startOf("day").add(days, "day");
  return { start: start.toISOString(), end: start.add(1, "day").toISOString() };
}
