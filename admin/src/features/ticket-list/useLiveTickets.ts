import { useQueryClient } from "@tanstack/react-query";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { ApiError } from "@/api/errors";
import type { Schemas } from "@/api/schemas";
import type { StreamRequest, StreamState } from "@/api/stream";
import { ticketKeys, ticketQuery } from "@/api/tickets";
import { useStream } from "@/api/useStream";
import { fetchPage, type ListRequest, type TicketPage } from "./listQueries";
import { announcementOf, applyEvents, isNewer, type LiveEvent, liveEventOf, NO_MARKS } from "./liveChanges";
import { useKeyed } from "./useKeyed";
import type { TicketPager } from "./useTicketPage";

/** Events of this long are drawn together. */
const DRAW_MS = 200;
/** A filter that somebody is still changing is not worth a stream. */
const SETTLE_MS = 400;
const HIGHLIGHT_MS = 2_500;
const ANNOUNCE_MS = 8_000;
/** How soon after the stream began is made up for what happened between the rows and it. */
const CATCH_UP_MS = 800;

export type LiveState = StreamState | "polling";

/** Keeps the rows of a page as the watch tells. What cannot be watched says `polling`; ask again by the clock then. */
export function useLiveTickets(
  request: ListRequest,
  pager: TicketPager,
  {
    isPolled,
    onUnwatchable,
    pointerInside,
  }: {
    isPolled: boolean;
    onUnwatchable(): void;
    /** While the pointer is over the rows, none move. */
    pointerInside: RefObject<boolean>;
  },
) {
  const queryClient = useQueryClient();
  const { queryKey, result, isFirst, token } = pager;
  const page = result.isPlaceholderData ? undefined : result.data;
  const [marks, setMarks] = useKeyed(`${JSON.stringify(queryKey)} ${page?.fetchedAt}`, NO_MARKS);
  const { announcement, announce } = useAnnouncement();
  const queue = useRef<LiveEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const flush = () => {
    timer.current = undefined;
    const events = queue.current.splice(0);
    const held = queryClient.getQueryData<TicketPage>(queryKey);
    if (held === undefined || page === undefined || held.fetchedAt !== page.fetchedAt) {
      return;
    }
    const after = applyEvents(held, marks, events, {
      order: request.order,
      isFirst,
      mayInsert: !pointerInside.current,
    });
    if (after.page !== held) {
      queryClient.setQueryData(queryKey, after.page);
      void queryClient.invalidateQueries({ queryKey: [...ticketKeys.lists, "total"], refetchType: "none" });
    }
    if (after.marks !== marks) {
      setMarks(after.marks);
      announce(
        announcementOf(
          after.marks.changed.size,
          after.marks.gone.size - marks.gone.size,
          after.marks.pending.size - marks.pending.size,
        ),
      );
    }
  };
  const latestFlush = useRef(flush);
  useEffect(() => {
    latestFlush.current = flush;
  });
  const settled = useSettled(page !== undefined && !isPolled ? JSON.stringify(request.filter) : null);
  const [attempt, setAttempt] = useState(0);
  const streamRequest: StreamRequest | null =
    settled === null || isPolled
      ? null
      : // What is behind the # is not sent: it makes the request another one when the stream has to begin anew.
        { url: `/admin/tickets:watch#${attempt}`, body: { filter: JSON.parse(settled), snapshotSize: 0 } };
  const liveSince = useRef<string | null>(null);
  const streamKey = JSON.stringify(streamRequest);

  // What one stream has told is not put into the rows that another one, or none, belongs to.
  const followed = useRef(streamKey);
  useLayoutEffect(() => {
    followed.current = streamKey;
    return () => {
      queue.current = [];
    };
  }, [streamKey]);
  const push = useCallback((streamOf: string, events: readonly LiveEvent[]) => {
    if (streamOf === followed.current) {
      queue.current.push(...events);
      timer.current ??= setTimeout(() => latestFlush.current(), DRAW_MS);
    }
  }, []);

  const catchUp = async () => {
    const fresh = await fetchPage(request, token, new AbortController().signal);
    const held = queryClient.getQueryData<TicketPage>(queryKey);
    const known = new Map(held?.tickets.map((ticket) => [ticket.id, ticket]));
    push(
      streamKey,
      fresh.tickets
        .filter((ticket) => {
          const before = known.get(ticket.id);
          return before === undefined || isNewer(ticket, before);
        })
        .reverse()
        .map((ticket) => ({ changed: ticket })),
    );
  };
  const latestCatchUp = useRef(catchUp);
  useEffect(() => {
    latestCatchUp.current = catchUp;
  });
  const catchUpTimer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what waits belongs to the stream before.
  useEffect(() => () => clearTimeout(catchUpTimer.current), [streamKey]);

  const state = useStream<Schemas["WatchTicketsResponse"]>(streamRequest, {
    onEvent({ message }) {
      if (liveSince.current !== streamKey) {
        liveSince.current = streamKey;
        clearTimeout(catchUpTimer.current);
        catchUpTimer.current = setTimeout(() => void latestCatchUp.current().catch(() => undefined), CATCH_UP_MS);
      }
      const event = liveEventOf(message);
      if (event === null) {
        return;
      }
      push(streamKey, [event]);
      if ("changed" in event) {
        const { queryKey: ticketKey } = ticketQuery(event.changed.id ?? "");
        queryClient.setQueryData(ticketKey, (held) => (held && isNewer(event.changed, held) ? event.changed : held));
        void queryClient.invalidateQueries({ queryKey: [...ticketKeys.ticket(event.changed.id ?? ""), "actions"] });
      }
    },
    onEnd(error: ApiError) {
      if (error.reason === "CURSOR_EXPIRED" || error.reason === "CURSOR_INVALID") {
        setAttempt(attempt + 1);
        void queryClient.invalidateQueries({ queryKey });
      } else if (!error.isUnauthenticated) {
        onUnwatchable();
      }
    },
  });

  useEffect(() => {
    if (marks.changed.size === 0) {
      return;
    }
    const end = setTimeout(() => setMarks({ ...marks, changed: NO_MARKS.changed }), HIGHLIGHT_MS);
    return () => clearTimeout(end);
  }, [marks, setMarks]);

  return {
    state: (isPolled ? "polling" : streamRequest === null ? "connecting" : state) as LiveState,
    marks,
    announcement,
  };
}

/** The value once it has been the same for a while. */
function useSettled(value: string | null): string | null {
  const [settled, setSettled] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled === value ? settled : null;
}

/** Tells readers of the screen now and then, not at every change. */
function useAnnouncement() {
  const [announcement, setAnnouncement] = useState("");
  const quietUntil = useRef(0);
  const announce = useCallback((text: string) => {
    const now = performance.now();
    if (text && now >= quietUntil.current) {
      quietUntil.current = now + ANNOUNCE_MS;
      setAnnouncement(text);
    }
  }, []);
  return { announcement, announce };
}
