import type { Ticket } from "@/api/schemas";

export function TicketAssignmentModal(_props: { ticket: Ticket; open: boolean; onClose(): void }) {
  return null;
}
