import type { Tone } from "@/vocabulary/tickets";
import { dateTime, lengthOf } from "@/vocabulary/time";
import {
  type FirstResponseState,
  firstResponseStateAt,
  isNear,
  percentLeftAt,
  type SlaClock,
  type SlaState,
  slaStateAt,
} from "./slaClock";

export const SLA_TONES: Readonly<Record<SlaState, Tone>> = {
  none: "neutral",
  onTrack: "success",
  nearBreach: "warning",
  breached: "danger",
  paused: "waiting",
  met: "neutral",
  missed: "danger",
};

/** A wait as people say it: whole minutes, and seconds only below one. Rounded down, so never more than there is. */
export function waitOf(milliseconds: number): string {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  return lengthOf(seconds < 60 ? seconds : seconds - (seconds % 60));
}

/**
 * The state at `now` in words. Lengths are time on the wall, closed hours included: the deadline is an instant. In
 * `short`, for rows whose icon and color tell the state, the length comes in one unit where the second would tell
 * little, or always where there is room for no more than `oneUnit`.
 */
export function slaWords(clock: SlaClock, now: number, { short = false, oneUnit = false } = {}): string {
  const wait = waitOf(clock.dueAt - now);
  const first = firstUnitOf(wait);
  switch (slaStateAt(clock, now)) {
    case "none":
      return "No SLA";
    case "met":
      return "Met";
    case "missed":
      return "Missed";
    case "paused":
      return isNear(clock, now) ? "Paused near breach" : "Paused";
    case "breached":
      if (clock.kind === "paused") {
        return short ? "Overdue, paused" : "Breached, paused";
      }
      return short ? `Overdue ${first}` : `Breached ${wait} ago`;
    case "nearBreach":
      return short ? `${oneUnit ? first : wait} left` : `Near breach ${wait}`;
    case "onTrack":
      return short ? `${oneUnit || /^\d\d h/.test(wait) ? first : wait} left` : `Due in ${wait}`;
  }
}

/** "2 h 40 min" → "2 h". */
function firstUnitOf(wait: string): string {
  return wait.split(" ").slice(0, 2).join(" ");
}

/** What the share that is left is called. */
export function percentWords(clock: SlaClock, now: number): string | null {
  const percent = percentLeftAt(clock, now);
  return percent === null ? null : `${percentOf(percent)} % of the time left`;
}

/** Whole percent, but never 0 while something is left, nor 100 once something has gone. */
export function percentOf(percent: number): number {
  if (percent > 0 && percent < 1) {
    return 1;
  }
  return percent < 100 ? Math.min(99, Math.round(percent)) : 100;
}

const FIRST_RESPONSE: Readonly<Record<FirstResponseState, string>> = {
  due: "First response due",
  overdue: "First response overdue",
  inTime: "First response in time",
  late: "First response late",
  notNeeded: "No first response",
};

export const FIRST_RESPONSE_TONES: Readonly<Record<FirstResponseState, Tone>> = {
  due: "info",
  overdue: "danger",
  inTime: "success",
  late: "warning",
  notNeeded: "neutral",
};

/** The first response in words, with the instant that it is about. */
export function firstResponseWords(clock: SlaClock, now: number): string | null {
  const state = firstResponseStateAt(clock, now);
  if (state === null || clock.firstResponse === null) {
    return null;
  }
  const { dueAt, respondedAt } = clock.firstResponse;
  switch (state) {
    case "due":
      return `${FIRST_RESPONSE.due} in ${waitOf(dueAt - now)}`;
    case "overdue":
      return `${FIRST_RESPONSE.overdue} by ${waitOf(now - dueAt)}`;
    case "inTime":
      return `${FIRST_RESPONSE.inTime}, ${dateTime(new Date(respondedAt ?? dueAt).toISOString())}`;
    case "late":
      return `${FIRST_RESPONSE.late} by ${waitOf((respondedAt ?? dueAt) - dueAt)}`;
    case "notNeeded":
      return FIRST_RESPONSE.notNeeded;
  }
}
