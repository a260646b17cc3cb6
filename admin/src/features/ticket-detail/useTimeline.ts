import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { useCaller } from "@/api/caller";
import { api, unwrap } from "@/api/client";
import type { ApiError } from "@/api/errors";
import type { Schemas, TimelineEntry } from "@/api/schemas";
import type { StreamState } from "@/api/stream";
import { ticketKeys } from "@/api/tickets";
import { useStream } from "@/api/useStream";
import { presentMs } from "@/vocabulary/clock";
import { type Outbox, type Outgoing, useOutbox, withoutEchoes } from "./outbox";
import { merged } from "./timelineEntries";
import { fromOfNewest, type ReadTimeline, readPage, seqOf } from "./timelineWindow";
import type { Reveal } from "./useReveal";

/** Changes come in bursts: a ticket is read again once for those within so many milliseconds. */
const SETTLE_MS = 300;
/** Entries of so many milliseconds are drawn together. */
const DRAW_MS = 100;

export type Timeline = {
  /** Lowest number first, each once; undefined until the first are there. */
  entries: readonly TimelineEntry[] | undefined;
  outgoing: readonly Outgoing[];
  outbox: Outbox;
  newest: number;
  /** What the reader has seen goes up to this number; undefined for who follows the end, where the oldest are let go. */
  place: number | undefined;
  moveTo(place: number | undefined): void;
  error: unknown;
  retry(): void;
  state: StreamState;
  /** Older ones are there to be loaded. */
  hasOlder: boolean;
  loadingOlder: boolean;
  olderError: unknown;
  loadOlder(): void;
  /** Revealed texts stop here: the stream that had the reason broke, and is not opened with it again by itself. */
  lapsed: boolean;
};

type Followed = { serial: number; after: number; reason: string | undefined };

/** A ticket's timeline, live; and what its changes do to what is cached of the ticket. */
export function useTimeline(ticketId: string, isSensitive: boolean, reveal: Reveal, onGone: () => void): Timeline {
  const queryClient = useQueryClient();
  const { userId } = useCaller();
  const { outgoing, sent, outbox } = useOutbox(ticketId, isSensitive);
  // Not below the ticket's key: the stream keeps it, no change asks for it again.
  const first = useQuery({
    queryKey: ["timeline", ticketId],
    queryFn: ({ signal }) => readPage(reader(ticketId, undefined, signal)),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const [arrived, setArrived] = useState<readonly TimelineEntry[]>([]);
  const [moved, setMoved] = useState<number>();
  const [place, setPlace] = useState<number>();
  const [older, setOlder] = useState<{ loading: boolean; error: unknown }>({ loading: false, error: null });
  const [ended, setEnded] = useState<ApiError>();
  const [followed, setFollowed] = useState<Followed>();
  const from = moved ?? first.data?.from ?? 0;
  const entries = useMemo(
    () => first.data && merged(first.data.entries, arrived, sent).filter((entry) => seqOf(entry) > from),
    [first.data, arrived, sent, from],
  );
  const newest = Math.max(from, seqOf(entries?.at(-1)));
  const newestRead = seqOf(first.data?.entries.at(-1));

  if (first.data && followed?.serial !== reveal.serial) {
    // Also after hiding all are read again, withheld: what came with the reason is not kept.
    setFollowed({ serial: reveal.serial, after: followed === undefined ? newestRead : from, reason: reveal.reason });
    if (followed !== undefined && reveal.reason === undefined) {
      setArrived([]);
    }
  }
  const kept = entries && place === undefined ? fromOfNewest(entries) : undefined;
  if (kept !== undefined) {
    setMoved(kept);
    setArrived((before) => before.filter((entry) => seqOf(entry) > kept));
  }
  const queue = useRef<TimelineEntry[]>([]);
  const drawing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const shown = useRef({ serial: reveal.serial, from });
  useEffect(() => {
    shown.current = { serial: reveal.serial, from };
  }, [reveal.serial, from]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was not drawn yet was read for another reason
  useEffect(() => {
    queue.current = [];
  }, [reveal.serial]);
  const draw = (entry: TimelineEntry) => {
    queue.current.push(entry);
    drawing.current ??= setTimeout(() => {
      drawing.current = undefined;
      const entries = queue.current.splice(0);
      setArrived((before) => [...before, ...entries]);
    }, DRAW_MS);
  };

  const told = useRef(0);
  /** What the stream is to go on after: one's own message may be here before those of others that precede it. */
  const reached = () => Math.max(told.current, newestRead);
  const settle = useRef<ReturnType<typeof setTimeout>>(undefined);
  const refresh = () => {
    // The first of a burst starts the clock: one that does not end would put it off for ever.
    settle.current ??= setTimeout(() => {
      settle.current = undefined;
      void queryClient.invalidateQueries({
        queryKey: ticketKeys.ticket(ticketId),
        predicate: (query) => query.meta?.audited !== true,
      });
    }, SETTLE_MS);
  };
  useEffect(
    () => () => {
      clearTimeout(settle.current);
      clearTimeout(drawing.current);
      settle.current = drawing.current = undefined;
    },
    [],
  );
  useEffect(() => () => outbox.forgetSent(), [outbox]);

  const state = useStream<Schemas["WatchTimelineResponse"]>(
    followed === undefined || ended !== undefined ? null : requestOf(ticketId, followed),
    {
      onEvent({ message: { entry } }) {
        if (entry === undefined) {
          return;
        }
        draw(entry);
        if (seqOf(entry) > reached()) {
          told.current = seqOf(entry);
          refresh();
        }
      },
      onEnd(error) {
        if (error.status === 404) {
          onGone();
        } else {
          setEnded(error);
        }
      },
    },
  );
  const onBroken = useEffectEvent(() => {
    if (followed?.reason !== undefined) {
      setFollowed({ ...followed, after: reached(), reason: undefined });
    }
  });
  useEffect(() => {
    if (state === "waiting") {
      onBroken();
    }
  }, [state]);

  const loadOlder = async () => {
    setOlder({ loading: true, error: null });
    // Who asks for older ones does not want them let go.
    setPlace((before) => before ?? newest);
    try {
      const page = await readPage(reader(ticketId, reveal.reason), from);
      if (shown.current.serial !== reveal.serial || shown.current.from !== from) {
        // Hidden meanwhile, or asked for with another reason; or back at the end, where others were let go.
        setOlder({ loading: false, error: null });
        return;
      }
      setArrived((before) => [...page.entries, ...before]);
      setMoved(page.from);
      setOlder({ loading: false, error: null });
    } catch (error) {
      setOlder({ loading: false, error });
    }
  };

  return {
    entries: useMemo(
      () => entries && withoutEchoes(entries, outgoing, userId, presentMs()),
      [entries, outgoing, userId],
    ),
    outgoing,
    outbox,
    newest,
    place,
    moveTo: setPlace,
    error: ended ?? first.error,
    retry() {
      if (ended) {
        setEnded(undefined);
        setFollowed((before) => before && { ...before, after: reached(), reason: undefined });
      } else {
        void first.refetch();
      }
    },
    state,
    hasOlder: from > 0,
    loadingOlder: older.loading,
    olderError: older.error,
    loadOlder: () => void loadOlder(),
    lapsed: reveal.reason !== undefined && followed?.serial === reveal.serial && followed.reason === undefined,
  };
}

function requestOf(ticketId: string, { after, reason }: Followed) {
  const path = `/admin/tickets/${encodeURIComponent(ticketId)}/timeline:watch`;
  return reason === undefined
    ? { url: `${path}?afterSeq=${after}` }
    : { url: path, body: { afterSeq: String(after), accessReason: reason } };
}

function reader(ticketId: string, accessReason: string | undefined, signal?: AbortSignal): ReadTimeline {
  const path = { ticketId };
  return async (below, pageSize) => {
    const asked = { afterSeq: String(below), pageSize, orderBy: "seq desc" };
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
