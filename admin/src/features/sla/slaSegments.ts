import type { TicketStatus } from "@/api/schemas";
import type { IntervalKind, SlaInterval } from "./slaExplanation";

/** A piece of the drawn timeline: one interval, or several too short to be seen apart. */
export type Segment = {
  start: number;
  end: number;
  kind: IntervalKind;
  status: TicketStatus | undefined;
  /** How many intervals it stands for. */
  count: number;
  /** What the clock did for how long, in milliseconds, longest first. */
  parts: readonly (readonly [kind: IntervalKind, length: number])[];
};

/**
 * The intervals within [from, to) for drawing. Those shorter than `least` milliseconds are put together with their
 * neighbours, and tell what the clock did for how long.
 */
export function segmentsOf(intervals: readonly SlaInterval[], from: number, to: number, least: number): Segment[] {
  const segments: Segment[] = [];
  let bundle: Segment[] = [];
  const close = () => {
    const joined = joinedOf(bundle);
    if (joined !== null) {
      segments.push(joined);
    }
    bundle = [];
  };
  for (const interval of intervals) {
    const segment = segmentOf(interval, from, to);
    if (segment === null) {
      continue;
    }
    if (segment.end - segment.start >= least) {
      close();
      segments.push(segment);
      continue;
    }
    bundle.push(segment);
    if (segment.end - (bundle[0]?.start ?? segment.start) >= least) {
      close();
    }
  }
  close();
  return segments;
}

function segmentOf({ start, end, kind, status }: SlaInterval, from: number, to: number): Segment | null {
  const begins = Math.max(from, Date.parse(start ?? ""));
  const ends = Math.min(to, Date.parse(end ?? ""));
  if (begins >= ends) {
    return null;
  }
  const parts = [[kind as IntervalKind, ends - begins] as const];
  return { start: begins, end: ends, kind: kind as IntervalKind, status, count: 1, parts };
}

function joinedOf(bundle: readonly Segment[]): Segment | null {
  const [first] = bundle;
  const last = bundle.at(-1);
  if (first === undefined || last === undefined) {
    return null;
  }
  const longest = bundle.reduce((one, other) => (other.end - other.start > one.end - one.start ? other : one));
  const lengths = new Map<IntervalKind, number>();
  for (const { kind, start, end } of bundle) {
    lengths.set(kind, (lengths.get(kind) ?? 0) + end - start);
  }
  const parts = [...lengths].sort(([, one], [, other]) => other - one);
  return { ...longest, start: first.start, end: last.end, count: bundle.length, parts };
}

/** Instants for the labels of an axis, on whole steps of the browser's clock, at most `most` of them. */
export function ticksOf(from: number, to: number, most: number): number[] {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? Math.ceil((to - from) / most / DAY_MS) * DAY_MS;
  const zone = new Date(from).getTimezoneOffset() * 60_000;
  const ticks: number[] = [];
  for (let tick = Math.ceil((from - zone) / step) * step + zone; tick <= to; tick += step) {
    ticks.push(tick);
  }
  return ticks;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STEPS = [
  HOUR_MS / 12,
  HOUR_MS / 4,
  HOUR_MS / 2,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  7 * DAY_MS,
  14 * DAY_MS,
  28 * DAY_MS,
  56 * DAY_MS,
  91 * DAY_MS,
];
