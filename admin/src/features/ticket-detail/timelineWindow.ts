import type { TimelineEntry } from "@/api/schemas";

/** Reads entries after a number, lowest first, and says whether there are more. */
export type ReadTimeline = (afterSeq: number, pageSize: number) => Promise<{ entries: TimelineEntry[]; more: boolean }>;

export type TimelineWindow = {
  entries: TimelineEntry[];
  /** Entries with this number and lower ones are not among them; 0 when none are left out. */
  from: number;
  /** The highest number known; what comes after is for the stream. */
  newest: number;
};

export const WINDOW = 100;
const LARGEST_PAGE = 200;
const PROBES = 8;

export function seqOf(entry: TimelineEntry | undefined): number {
  return Number(entry?.seq ?? 0);
}

/**
 * The newest entries of a timeline. The API reads upwards alone and does not tell the highest number, so that is looked
 * for: most tickets are one page, and for 10 000 entries it takes three rounds of probes for one entry each.
 */
export async function readNewest(read: ReadTimeline): Promise<TimelineWindow> {
  const first = await read(0, LARGEST_PAGE);
  if (!first.more) {
    return { entries: first.entries, from: 0, newest: seqOf(first.entries.at(-1)) };
  }
  const probe = async (after: number) => seqOf((await read(after, 1)).entries[0]);
  // There is something beyond `low`, and nothing beyond `high`.
  let low = seqOf(first.entries.at(-1));
  let high = Number.POSITIVE_INFINITY;
  while (high - low > WINDOW) {
    const base = low;
    const step = Number.isFinite(high) ? Math.ceil((high - base) / PROBES) : 0;
    const places = Array.from({ length: step ? PROBES - 1 : PROBES }, (_, index) =>
      step ? base + step * (index + 1) : base + LARGEST_PAGE * 2 ** index,
    ).filter((place) => place < high);
    const found = await Promise.all(places.map(probe));
    for (const [index, place] of places.entries()) {
      const seq = found[index] ?? 0;
      if (seq > 0) {
        low = Math.max(low, seq);
      } else {
        high = Math.min(high, place);
      }
    }
    if (low >= high) {
      // Somebody wrote meanwhile: that is for the last read.
      high = low;
    }
  }
  const from = Math.max(0, low - WINDOW);
  const entries: TimelineEntry[] = [];
  for (let after = from, more = true; more; after = seqOf(entries.at(-1))) {
    const page = await read(after, LARGEST_PAGE);
    entries.push(...page.entries);
    more = page.more && page.entries.length > 0;
  }
  return { entries, from, newest: Math.max(low, seqOf(entries.at(-1))) };
}

/** What stands before a window, and where the larger window begins. Where the reader sees gaps, it reaches further back. */
export async function readOlder(read: ReadTimeline, from: number): Promise<{ entries: TimelineEntry[]; from: number }> {
  for (let size = WINDOW; ; size *= 4) {
    const start = Math.max(0, from - size);
    const page = await read(start, LARGEST_PAGE);
    const entries = page.entries.filter((entry) => seqOf(entry) <= from);
    if (page.more && entries.length === page.entries.length && seqOf(entries.at(-1)) < from) {
      // A wide step met many entries: go on up to where the window began.
      for (let more = true; more; ) {
        const next = await read(seqOf(entries.at(-1)), LARGEST_PAGE);
        const inside = next.entries.filter((entry) => seqOf(entry) <= from);
        entries.push(...inside);
        more = next.more && inside.length === next.entries.length && inside.length > 0;
      }
    }
    if (entries.length > 0 || start === 0) {
      return { entries, from: start };
    }
  }
}
