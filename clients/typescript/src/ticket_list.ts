import type { Ticket } from "./gen/rodistaa/tickets/v1/ticket_pb.js";
import type { WatchTicketsResponse } from "./gen/rodistaa/tickets/v1/ticket_watch_pb.js";

/**
 * Tickets by id, as far as the events given to `apply` tell; in no particular order. Needs nothing of Node.
 *
 * It holds what the snapshot held and every matching ticket that has changed since, so it grows beyond `snapshotSize`.
 */
export class TicketList {
  private held = new Map<string, Ticket>();
  private coming = new Map<string, Ticket>();

  /** The map is replaced by a snapshot and otherwise changed in place. */
  get tickets(): ReadonlyMap<string, Ticket> {
    return this.held;
  }

  /**
   * Takes the next event of the watch; whether the list has changed.
   *
   * A snapshot replaces the list once its last part is there. A copy of a ticket that is older than the one held is
   * passed over. Events of unknown kinds change nothing.
   */
  apply({ event }: WatchTicketsResponse): boolean {
    switch (event.case) {
      case "snapshot":
        for (const ticket of event.value.tickets) {
          this.coming.set(ticket.id, ticket);
        }
        if (!event.value.complete) {
          return false;
        }
        this.held = this.coming;
        this.coming = new Map();
        return true;
      case "changed": {
        const { ticket } = event.value;
        if (!ticket || (this.held.get(ticket.id)?.version ?? 0n) > ticket.version) {
          return false;
        }
        this.held.set(ticket.id, ticket);
        return true;
      }
      case "left":
        return this.held.delete(event.value.ticketId);
      default:
        return false;
    }
  }

  /**
   * Forgets the parts of a snapshot that the stream before did not finish. For who reads `watchTickets` itself, or the
   * gateway's events; `followTickets` has whole snapshots alone.
   */
  reconnected(): void {
    this.coming.clear();
  }
}
