import type { Ticket } from "@/api/schemas";

export function TicketQuickActions(_props: { ticket: Ticket; layout: "toolbar" | "menu" }) {
  return null;
}
