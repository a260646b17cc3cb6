import dayjs from "dayjs";
import type { TimelineEntry } from "@/api/schemas";

export type Kind = "messages" | "changes";
export type Kinds = "all" | Kind;

/** The kinds that are shown as these. */
export const SHOWN_KINDS: Readonly<Record<Kinds, readonly Kind[]>> = {
  all: ["messages", "changes"],
  messages: ["messages"],
  changes: ["changes"],
};

export function seqOf(entry: TimelineEntry | undefined): number {
  return Number(entry?.seq ?? 0);
}

export function kindOf(entry: TimelineEntry): Kind {
  return entry.message ? "messages" : "changes";
}

export function isRedacted(entry: TimelineEntry): boolean {
  return Boolean(entry.message?.redacted || entry.auditEntry?.redacted);
}

/** Entries by number, each once. What was revealed is not covered again by a withheld copy of the same entry. */
export function merged(...sources: readonly (readonly TimelineEntry[])[]): TimelineEntry[] {
  const bySeq = new Map<number, TimelineEntry>();
  for (const entry of sources.flat()) {
    const seq = seqOf(entry);
    const known = bySeq.get(seq);
    if (known === undefined || isRedacted(known) || !isRedacted(entry)) {
      bySeq.set(seq, entry);
    }
  }
  return [...bySeq.values()].sort((a, b) => seqOf(a) - seqOf(b));
}

export function ofKinds(entries: readonly TimelineEntry[], kinds: Kinds): readonly TimelineEntry[] {
  return kinds === "all" ? entries : entries.filter((entry) => kindOf(entry) === kinds);
}

export type TimelineDay = { key: string; label: string; entries: TimelineEntry[] };

/** In the order given, parted where the day changes, in the reader's time zone. */
export function byDay(entries: readonly TimelineEntry[], nowMs: number): TimelineDay[] {
  const days: TimelineDay[] = [];
  const now = dayjs(nowMs);
  for (const entry of entries) {
    const at = dayjs(entry.createdAt);
    const key = at.format("YYYY-MM-DD");
    const last = days.at(-1);
    if (last?.key === key) {
      last.entries.push(entry);
    } else {
      days.push({ key, label: dayWords(at, now), entries: [entry] });
    }
  }
  return days;
}

function dayWords(day: dayjs.Dayjs, now: dayjs.Dayjs): string {
  if (day.isSame(now, "day")) {
    return "Today";
  }
  if (day.isSame(now.subtract(1, "day"), "day")) {
    return "Yesterday";
  }
  return day.format(day.isSame(now, "year") ? "dddd, D MMMM" : "dddd, D MMMM YYYY");
}
