import type { Schemas, Ticket } from "@/api/schemas";
import type { TicketPage } from "./listQueries";
import { compareTickets, DEFAULT_ORDER, type TicketOrder } from "./ticketOrders";

/** What a watch tells that concerns rows. */
export type LiveEvent = { changed: Ticket } | { left: string };

/** What is known beyond the rows that are shown. */
export type LiveMarks = {
  /** Rows that were replaced by newer ones. */
  changed: ReadonlySet<string>;
  /** Rows that no longer match; they go when the list is asked for again. */
  gone: ReadonlySet<string>;
  /** Tickets that would be on this page if it were asked for again. */
  pending: ReadonlySet<string>;
};

export const NO_MARKS: LiveMarks = { changed: new Set(), gone: new Set(), pending: new Set() };

/** Where the page stands, and whether rows may move now. */
export type PagePlace = { order: TicketOrder; isFirst: boolean; mayInsert: boolean };

const MOST_ROWS = 200;

/** The event of a message of WatchTickets; null for those that concern no row. */
export function liveEventOf(message: Schemas["WatchTicketsResponse"]): LiveEvent | null {
  if (message.changed?.ticket) {
    return { changed: message.changed.ticket };
  }
  return message.left?.ticketId ? { left: message.left.ticketId } : null;
}

/**
 * Rows and marks after some events, in their order. Rows are replaced where they stand, and stay although they no
 * longer match; a new one is put on top of the first page of the newest if rows may move. The objects given come back
 * where nothing has changed.
 */
export function applyEvents(
  page: TicketPage,
  marks: LiveMarks,
  events: readonly LiveEvent[],
  place: PagePlace,
): { page: TicketPage; marks: LiveMarks } {
  let tickets = page.tickets;
  const changed = new Set<string>();
  const gone = new Set(marks.gone);
  const pending = new Set(marks.pending);
  for (const event of events) {
    if ("left" in event) {
      pending.delete(event.left);
      if (tickets.some(({ id }) => id === event.left)) {
        gone.add(event.left);
      }
      continue;
    }
    const ticket = event.changed;
    const id = ticket.id ?? "";
    const index = tickets.findIndex((each) => each.id === id);
    const held = tickets[index];
    if (held) {
      gone.delete(id);
      if (isNewer(ticket, held)) {
        tickets = tickets.with(index, ticket);
        changed.add(id);
      }
    } else if (isOnTop(ticket, tickets, place) && place.mayInsert) {
      tickets = [ticket, ...tickets].slice(0, MOST_ROWS);
      changed.add(id);
      pending.delete(id);
    } else if (wouldBeHere(ticket, page, tickets, place)) {
      pending.add(id);
    }
  }
  const same = changed.size === 0 && isSame(gone, marks.gone) && isSame(pending, marks.pending);
  return {
    page: tickets === page.tickets ? page : { ...page, tickets },
    marks: same ? marks : { changed, gone, pending },
  };
}

/** Of two copies the one with the higher version is the newer one. */
export function isNewer(one: Ticket, other: Ticket): boolean {
  return Number(one.version ?? 0) > Number(other.version ?? 0);
}

function isOnTop(ticket: Ticket, tickets: readonly Ticket[], { order, isFirst }: PagePlace): boolean {
  const top = tickets[0];
  return isFirst && order === DEFAULT_ORDER && (top === undefined || compareTickets(ticket, top, order) < 0);
}

function wouldBeHere(ticket: Ticket, page: TicketPage, tickets: readonly Ticket[], place: PagePlace): boolean {
  const [top, bottom] = [tickets[0], tickets.at(-1)];
  const afterTop = place.isFirst || top === undefined || compareTickets(ticket, top, place.order) > 0;
  const beforeBottom =
    page.nextPageToken === "" || bottom === undefined || compareTickets(ticket, bottom, place.order) < 0;
  return afterTop && beforeBottom;
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}

/** What a reader of the screen is told of changes. */
export function announcementOf(changed: number, gone: number, pending: number): string {
  const parts = [
    changed > 0 && `${changed} ${changed === 1 ? "ticket" : "tickets"} changed`,
    gone > 0 && `${gone} no longer ${gone === 1 ? "matches" : "match"}`,
    pending > 0 && `${pending} new or changed, not shown yet`,
  ];
  return parts.filter(Boolean).join(", ");
}
