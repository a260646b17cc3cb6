import type { TimelineEntry } from "@/api/schemas";

/** Reads entries below a number, or the newest (0), highest first; says whether there are lower ones. */
export type ReadTimeline = (below: number, pageSize: number) => Promise<{ entries: TimelineEntry[]; more: boolean }>;

export type TimelinePage = {
  /** Lowest first. */
  entries: TimelineEntry[];
  /** Entries with this number and lower ones are not read yet; 0 when there are none. */
  from: number;
};

/** Entries read at once. */
export const PAGE = 100;
/** Entries held of a timeline whose end is followed. */
export const KEPT = 300;
/** Entries drawn beyond those that somebody who is not at the end has seen. */
export const AHEAD = 100;

export function seqOf(entry: TimelineEntry | undefined): number {
  return Number(entry?.seq ?? 0);
}

/** The newest entries, or those that stand before a window: `from` of what was read last. */
export async function readPage(read: ReadTimeline, from?: number): Promise<TimelinePage> {
  const { entries, more } = await read(from === undefined ? 0 : from + 1, PAGE);
  const lowest = entries.at(-1);
  return { entries: entries.toReversed(), from: more && lowest ? seqOf(lowest) - 1 : 0 };
}

/** Where a window begins that holds the newest of these alone; undefined where there are no more of them than that. */
export function fromOfNewest(entries: readonly TimelineEntry[], count = KEPT): number | undefined {
  return entries.length > count ? seqOf(entries.at(-count)) - 1 : undefined;
}

/**
 * What is drawn for somebody who has seen all up to `place`: that, and some of what comes after it. The rest waits, so
 * that a ticket on which much happens does not fill the page of who reads further up. Who follows the end sees all.
 */
export function drawnOf(
  entries: readonly TimelineEntry[],
  place: number | undefined,
  ahead = AHEAD,
): readonly TimelineEntry[] {
  if (place === undefined) {
    return entries;
  }
  const next = entries.findIndex((entry) => seqOf(entry) > place);
  return next < 0 ? entries : entries.slice(0, next + ahead);
}
