import type { Ticket } from "@/api/schemas";

export function TicketEditForm(_props: { ticket: Ticket; onDone(): void }) {
  return null;
}
