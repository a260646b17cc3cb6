import dayjs from "dayjs";
import durationPlugin from "dayjs/plugin/duration";
import relativeTime from "dayjs/plugin/relativeTime";
import { presentMs } from "./clock";

dayjs.extend(relativeTime);
dayjs.extend(durationPlugin);

const DATE_TIME = new Intl.DateTimeFormat("en-IN", { dateStyle: "medium", timeStyle: "short" });
const PRECISE = new Intl.DateTimeFormat("en-IN", { dateStyle: "medium", timeStyle: "long" });

/** An instant of the API in the browser's time zone: "23 Nov 2026, 9:30 am". */
export function dateTime(instant: string): string {
  return DATE_TIME.format(new Date(instant));
}

/** The same with seconds and the zone. */
export function preciseDateTime(instant: string): string {
  return PRECISE.format(new Date(instant));
}

/** "3 hours ago", "in 2 days". */
export function fromNow(instant: string): string {
  return dayjs(instant).from(presentMs());
}

/** The same where room is short, in one unit: "3 h ago", "in 2 d"; "now" below a minute. */
export function fromNowShort(instant: string): string {
  const seconds = (Date.parse(instant) - presentMs()) / 1000;
  const [unit, size] = [...SPANS, ...UNITS].find(([, size]) => Math.abs(seconds) >= size) ?? ["s", 1];
  if (unit === "s") {
    return "now";
  }
  const length = `${Math.floor(Math.abs(seconds) / size)} ${unit}`;
  return seconds < 0 ? `${length} ago` : `in ${length}`;
}

/** Seconds of a google.protobuf.Duration in JSON: "5400.5s" → 5400.5. */
export function secondsOf(duration: string): number {
  return Number.parseFloat(duration);
}

/** A length of time in its two largest units: "2 d 3 h", "1 h 30 min", "45 s"; negative ones with a minus. */
export function lengthOf(seconds: number): string {
  const sign = seconds < 0 ? "−" : "";
  let left = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) {
      parts.push(`${count} ${unit}`);
    } else if (parts.length > 0) {
      break;
    }
    if (parts.length === 2) {
      break;
    }
  }
  return sign + (parts.join(" ") || "0 s");
}

/** Mean lengths of the Gregorian calendar. */
const SPANS = [
  ["y", 31_556_952],
  ["mo", 2_629_746],
] as const;

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;
