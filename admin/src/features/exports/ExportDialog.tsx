import type { TicketFilter } from "@/api/schemas";

/** Has a file made of the tickets that match. */
export function ExportDialog(_: { filter: TicketFilter; open: boolean; onClose(): void }) {
  return null;
}
