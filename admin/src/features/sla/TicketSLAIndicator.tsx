import type { Ticket } from "@/api/schemas";
import { SlaBar } from "./SlaBar";
import { SlaChip } from "./SlaChip";
import { useSlaClock } from "./useSlaClock";

/**
 * Where a ticket's SLA stands, going on by itself between two reads: near breach and breach show when they come. `chip`
 * is for rows, `bar` for a panel. `readAt` is when the ticket was asked for (a query's `dataUpdatedAt`); left out, it
 * is taken to be when that answer was first drawn.
 */
export function TicketSLAIndicator({
  ticket,
  variant,
  readAt,
}: {
  ticket: Ticket;
  variant: "chip" | "bar";
  readAt?: number;
}) {
  const { clock, now } = useSlaClock(ticket, readAt);
  return variant === "chip" ? (
    <SlaChip ticket={ticket} clock={clock} now={now} />
  ) : (
    <SlaBar ticket={ticket} clock={clock} now={now} />
  );
}
