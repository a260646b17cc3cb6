import type { Notification } from "@/api/schemas";
import { ROUTES } from "@/app/routes";

/** Where a notification leads: to its ticket, or to the exports. */
export function targetOf({ ticketId }: Notification): string {
  return ticketId ? ROUTES.ticket(ticketId) : ROUTES.exports;
}
