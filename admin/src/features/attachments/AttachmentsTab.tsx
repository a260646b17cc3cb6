import type { Ticket } from "@/api/schemas";

export function AttachmentsTab(_props: { ticket: Ticket }) {
  return null;
}
