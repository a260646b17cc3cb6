import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { useCaller } from "@/api/caller";
import type { ApiError } from "@/api/errors";
import type { Schemas, TimelineEntry } from "@/api/schemas";
import type { StreamState } from "@/api/stream";
import { ticketKeys } from "@/api/tickets";
import { useStream } from "@/api/useStream";
import { presentMs } from "@/vocabulary/clock";
import { type Outbox, type Outgoing, useOutbox, withoutEchoes } from "./outbox";
import { type Kinds, merged, seqOf } from "./timelineEntries";
import { readBelow, timelineReader } from "./timelineReads";
import {
  fromOf,
  movedTo,
  opened,
  readAgain,
  resumeOf,
  shownAs,
  shownOf,
  type TimelineWindow,
  unseenOf,
  withArrived,
} from "./timelineWindow";
import type { Reveal } from "./useReveal";
import { type TimelinePages, useTimelinePages } from "./useTimelinePages";

/** Changes come in bursts: a ticket is read again once for those within so many milliseconds. */
const SETTLE_MS = 300;
/** Entries of so many milliseconds are drawn together. */
const DRAW_MS = 100;

export type Timeline = TimelinePages & {
  /** What is shown, lowest number first, each once, without a gap; undefined until the first are there. */
  entries: readonly TimelineEntry[] | undefined;
  /** All that is held, of other kinds and beyond a gap too. */
  held: readonly TimelineEntry[] | undefined;
  kinds: Kinds;
  outgoing: readonly Outgoing[];
  outbox: Outbox;
  newest: number;
  /** What the reader has seen goes up to this number; undefined for who follows the end, where the oldest are let go. */
  place: number | undefined;
  /** How many of what is shown came since, also such as are not held. */
  unseen: number;
  moveTo(place: number | undefined): void;
  error: unknown;
  retry(): void;
  state: StreamState;
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
    queryFn: ({ signal }) => readBelow(timelineReader(ticketId, undefined, signal), "all"),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const [window, setWindow] = useState<TimelineWindow>();
  const change = useCallback(
    (to: (before: TimelineWindow) => TimelineWindow) => setWindow((before) => before && to(before)),
    [],
  );
  const [ended, setEnded] = useState<ApiError>();
  const [followed, setFollowed] = useState<Followed>();
  const pages = useTimelinePages(ticketId, reveal, window, change);
  const newestRead = seqOf(first.data?.entries.at(-1));
  const held = useMemo(() => window && merged(window.entries, sent), [window, sent]);
  const newest = Math.max(window ? fromOf(window, "all") : 0, seqOf(held?.at(-1)));

  if (first.data && window === undefined) {
    setWindow(shownAs(opened(first.data), pages.chosen));
  }
  if (first.data && window && followed?.serial !== reveal.serial) {
    // What was read first was read without a reason, also where one was given meanwhile.
    const isAsRead = followed === undefined && reveal.reason === undefined;
    const after = isAsRead ? newestRead : resumeOf(window);
    setFollowed({ serial: reveal.serial, after, reason: reveal.reason });
    if (!isAsRead) {
      // Also after hiding all are read again, withheld: what came with the reason is not kept.
      setWindow(readAgain(window, reveal.reason === undefined ? first.data.entries : undefined));
    }
  }
  const queue = useRef<TimelineEntry[]>([]);
  const drawing = useRef<ReturnType<typeof setTimeout>>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was not drawn yet was read for another reason
  useEffect(() => {
    queue.current = [];
  }, [reveal.serial]);
  const draw = (entry: TimelineEntry) => {
    queue.current.push(entry);
    drawing.current ??= setTimeout(() => {
      drawing.current = undefined;
      const entries = queue.current.splice(0);
      change((before) => withArrived(before, entries));
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

  return {
    ...pages,
    entries: useMemo(
      () => window && withoutEchoes(shownOf(window, sent), outgoing, userId, presentMs()),
      [window, sent, outgoing, userId],
    ),
    held,
    kinds: window?.kinds ?? "all",
    outgoing,
    outbox,
    newest,
    place: window?.place,
    unseen: useMemo(
      () => (window && held ? unseenOf(window, withoutEchoes(held, outgoing, userId, presentMs())) : 0),
      [window, held, outgoing, userId],
    ),
    moveTo: useCallback((place) => change((before) => movedTo(before, place)), [change]),
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
    lapsed: reveal.reason !== undefined && followed?.serial === reveal.serial && followed.reason === undefined,
  };
}

function requestOf(ticketId: string, { after, reason }: Followed) {
  const path = `/admin/tickets/${encodeURIComponent(ticketId)}/timeline:watch`;
  return reason === undefined
    ? { url: `${path}?afterSeq=${after}` }
    : { url: path, body: { afterSeq: String(after), accessReason: reason } };
}
