import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { setTimeout as delay } from "node:timers/promises";

import type { TicketsClient } from "./client.js";
import { TicketsError } from "./errors.js";
import type { WatchTicketsRequestSchema, WatchTicketsResponse } from "./gen/rodistaa/tickets/v1/ticket_watch_pb.js";
import type { TimelineEntry } from "./gen/rodistaa/tickets/v1/timeline_pb.js";
import type { WatchTimelineRequestSchema } from "./gen/rodistaa/tickets/v1/timeline_reads_pb.js";

export interface FollowOptions {
  /** Ends the watch: the iteration throws a TicketsError with code Canceled, or the signal's AbortError. */
  signal?: AbortSignal;
}

/**
 * Yields the entries after `afterSeq`, each once, in order, then new ones, for ever; broken streams
 * are resumed. Throws TicketsError for what reconnecting cannot mend, as when the ticket may no
 * longer be seen.
 */
export async function* followTimeline(
  client: TicketsClient,
  request: Exclude<MessageInitShape<typeof WatchTimelineRequestSchema>, { $typeName: string }>,
  options: FollowOptions = {},
): AsyncGenerator<TimelineEntry, void, undefined> {
  let afterSeq = request.afterSeq ?? 0n;
  const open = (signal: AbortSignal) => client.tickets.watchTimeline({ ...request, afterSeq }, { signal });
  for await (const { event } of resumed(open, options)) {
    if (event.case === "entry") {
      afterSeq = event.value.seq;
      yield event.value;
    } else if (event.case === "progress") {
      afterSeq = event.value.seq;
    }
  }
}

/**
 * Yields changes of the tickets that `filter` matches, in commit order, for ever; as followTimeline.
 * Progress marks are yielded too, for callers that store the cursor. Throws TicketsError with reason
 * CURSOR_EXPIRED after an absence longer than the server's retention: list again, and watch from no
 * cursor.
 */
export async function* followTickets(
  client: TicketsClient,
  request: Exclude<MessageInitShape<typeof WatchTicketsRequestSchema>, { $typeName: string }>,
  options: FollowOptions = {},
): AsyncGenerator<WatchTicketsResponse, void, undefined> {
  let cursor = request.cursor ?? "";
  let snapshotSize = request.snapshotSize ?? 0;
  const open = (signal: AbortSignal) =>
    client.tickets.watchTickets({ ...request, cursor, snapshotSize }, { signal });
  for await (const event of resumed(open, options)) {
    cursor = event.cursor;
    snapshotSize = 0;
    yield event;
  }
}

/** Reopens the stream while the failure says "come back": no server there, or we read too slowly. */
async function* resumed<Event>(
  open: (signal: AbortSignal) => AsyncIterable<Event>,
  { signal }: FollowOptions,
): AsyncGenerator<Event> {
  for (let failures = 0; ; failures++) {
    // Connect keeps the stream open when its reader leaves the loop, so leaving has to abort it.
    const left = new AbortController();
    try {
      for await (const event of open(signal ? AbortSignal.any([signal, left.signal]) : left.signal)) {
        failures = 0;
        yield event;
      }
    } catch (error) {
      const { code } = TicketsError.decode(error);
      if (code !== Code.Unavailable && code !== Code.ResourceExhausted) {
        throw error;
      }
    } finally {
      left.abort();
    }
    // Jitter keeps thousands of watchers of one restarted server from coming back at once.
    const waitMs = Math.min(100 * 2 ** failures, 15_000) * (0.5 + Math.random() / 2);
    await delay(waitMs, undefined, signal ? { signal } : {});
  }
}
