import { api, unwrap } from "@/api/client";
import type { Schemas, TimelineEntry } from "@/api/schemas";
import { type Kinds, seqOf } from "./timelineEntries";

type Asked = {
  /** Entries that come after this number in the order; 0 begins it. */
  after: number;
  newestFirst: boolean;
  kinds: Kinds;
};

/** Reads entries in the order asked for; says whether there are more of them. */
export type ReadTimeline = (asked: Asked, pageSize: number) => Promise<{ entries: TimelineEntry[]; more: boolean }>;

/** All entries of these kinds with numbers above `from`, up to `to`, lowest first. */
export type TimelinePage = { kinds: Kinds; from: number; to: number; entries: readonly TimelineEntry[] };

/** Entries read at once. */
export const PAGE = 100;
/** Numbers after an entry of those that are read around it. */
const BEYOND = 50;

const KINDS: Readonly<Record<Kinds, Schemas["TimelineKind"][]>> = {
  all: [],
  messages: ["TIMELINE_KIND_MESSAGE"],
  changes: ["TIMELINE_KIND_AUDIT_ENTRY"],
};

/** The newest entries of these kinds, or with `to` those up to that number. */
export async function readBelow(read: ReadTimeline, kinds: Kinds, to?: number): Promise<TimelinePage> {
  const { entries, more } = await read({ after: to === undefined ? 0 : to + 1, newestFirst: true, kinds }, PAGE);
  const from = more ? seqOf(entries.at(-1)) - 1 : 0;
  return { kinds, from, to: to ?? seqOf(entries[0]), entries: entries.toReversed() };
}

/** The next entries of these kinds after a number, and whether there are more of them. */
export async function readAbove(
  read: ReadTimeline,
  kinds: Kinds,
  from: number,
): Promise<TimelinePage & { more: boolean }> {
  const { entries, more } = await read({ after: from, newestFirst: false, kinds }, PAGE);
  return { kinds, from, to: Math.max(from, seqOf(entries.at(-1))), entries, more };
}

/** Entries of these kinds around a number. The page ends with what was there when it was read. */
export async function readAround(read: ReadTimeline, kinds: Kinds, seq: number): Promise<TimelinePage> {
  const page = await readBelow(read, kinds, seq + BEYOND);
  return { ...page, to: Math.max(seq, seqOf(page.entries.at(-1))) };
}

/** Reads a ticket's timeline; with a reason its protected texts too, which is audited. */
export function timelineReader(ticketId: string, accessReason: string | undefined, signal?: AbortSignal): ReadTimeline {
  const path = { ticketId };
  return async ({ after, newestFirst, kinds }, pageSize) => {
    const asked = {
      afterSeq: String(after),
      pageSize,
      orderBy: newestFirst ? "seq desc" : "seq",
      ...(kinds !== "all" && { kinds: KINDS[kinds] }),
    };
    const given = signal && { signal };
    const { entries = [], nextPageToken } = await unwrap(
      accessReason === undefined
        ? api.GET("/admin/tickets/{ticketId}/timeline", { params: { path, query: asked }, ...given })
        : api.POST("/admin/tickets/{ticketId}/timeline:view", {
            params: { path },
            body: { ...asked, accessReason },
            ...given,
          }),
    );
    return { entries, more: Boolean(nextPageToken) };
  };
}
