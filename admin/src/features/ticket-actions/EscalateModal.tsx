import type { Ticket } from "@/api/schemas";

export function EscalateModal(_props: { ticket: Ticket; open: boolean; onClose(): void }) {
  return null;
}
