import { create, type MessageInitShape } from "@bufbuild/protobuf";

import type { TicketsClient } from "./client.js";
import type { Ticket } from "./gen/rodistaa/tickets/v1/ticket_pb.js";
import {
  TicketSnapshotSchema,
  type WatchTicketsRequestSchema,
  type WatchTicketsResponse,
} from "./gen/rodistaa/tickets/v1/ticket_watch_pb.js";
import type { TimelineEntry } from "./gen/rodistaa/tickets/v1/timeline_pb.js";
import type { WatchTimelineRequestSchema } from "./gen/rodistaa/tickets/v1/timeline_reads_pb.js";
import { resumed, type FollowOptions } from "./resuming.js";

const CURSOR_LOST = new Set(["CURSOR_EXPIRED", "CURSOR_INVALID"]);

/**
 * Yields the entries after `afterSeq`, each once, in order, then new ones, until `signal` or `client.close()` ends it,
 * or its reader leaves the loop.
 *
 * A stream that breaks, or falls silent, is resumed after a pause; with an expired token once, if the client was given
 * a function for it. Throws TicketsError for what reconnecting cannot mend, as when the ticket may no longer be seen
 * (TICKET_NOT_FOUND), and for an error inside the server that comes back five times.
 */
export async function* followTimeline(
  client: TicketsClient,
  request: Exclude<MessageInitShape<typeof WatchTimelineRequestSchema>, { $typeName: string }>,
  options: FollowOptions = {},
): AsyncGenerator<TimelineEntry, void, undefined> {
  let afterSeq = request.afterSeq ?? 0n;
  const open = (signal: AbortSignal) => client.tickets.watchTimeline({ ...request, afterSeq }, { signal });
  for await (const { event } of resumed(client, open, options)) {
    if (event.case === "entry") {
      afterSeq = event.value.seq;
      yield event.value;
    } else if (event.case === "progress") {
      afterSeq = event.value.seq;
    }
  }
}

/**
 * Yields changes of the tickets that `filter` matches, in commit order; as followTimeline. Progress marks are yielded
 * too, for callers that store the cursor. The parts of a snapshot are yielded as one event.
 *
 * A snapshot always begins the list anew, and there may be more than one: a watch that began with a snapshot and whose
 * cursor the server no longer takes, after days of absence or because the caller now sees other tickets, begins with a
 * new one. Any other watch throws TicketsError then (CURSOR_EXPIRED, CURSOR_INVALID): list again and watch from no
 * cursor. `TicketList` keeps a list by these events.
 */
export async function* followTickets(
  client: TicketsClient,
  request: Exclude<MessageInitShape<typeof WatchTicketsRequestSchema>, { $typeName: string }>,
  options: FollowOptions = {},
): AsyncGenerator<WatchTicketsResponse, void, undefined> {
  let cursor = request.cursor ?? "";
  let snapshotSize = request.snapshotSize ?? 0;
  let parts: Ticket[] = [];
  const open = (signal: AbortSignal) => {
    parts = [];
    return client.tickets.watchTickets({ ...request, cursor, snapshotSize }, { signal });
  };
  const beginAnew = ({ reason }: { reason: string }) => {
    if (!CURSOR_LOST.has(reason) || request.cursor || !request.snapshotSize || cursor === "") {
      return false;
    }
    cursor = "";
    snapshotSize = request.snapshotSize;
    return true;
  };
  for await (const response of resumed(client, open, options, beginAnew)) {
    const { event } = response;
    if (event.case === "snapshot") {
      parts.push(...event.value.tickets);
      if (!event.value.complete) {
        continue;
      }
      event.value = create(TicketSnapshotSchema, { tickets: parts, complete: true });
    }
    // Without a cursor there is nothing to resume from yet.
    if (response.cursor !== "") {
      cursor = response.cursor;
      snapshotSize = 0;
    }
    yield response;
  }
}
