import type { Ticket } from "@/api/schemas";

export function ResolveModal(_props: { ticket: Ticket; open: boolean; onClose(): void }) {
  return null;
}
