import type { TicketFilter } from "@/api/schemas";
import type { TicketOrder } from "@/features/ticket-list/ticketOrders";
import { OPEN_STATUSES } from "@/vocabulary/tickets";

type BuiltInView = {
  name: string;
  filter: TicketFilter;
  order: TicketOrder;
  /** What to say when it holds no ticket. */
  empty: string;
};

/** Views that everybody has. `me` is whose they are. */
export function builtInViews(me: string): readonly BuiltInView[] {
  return [
    { name: "All", filter: {}, order: "created_at desc", empty: "There are no tickets that you can see yet" },
    {
      name: "All open",
      filter: { statuses: OPEN_STATUSES },
      order: "sla_due_at asc",
      empty: "Nothing is open",
    },
    {
      name: "My open tickets",
      filter: { statuses: OPEN_STATUSES, ownerId: me },
      order: "sla_due_at asc",
      empty: "Nothing is open for you",
    },
    {
      name: "Unassigned",
      filter: { statuses: OPEN_STATUSES, unassigned: true },
      order: "created_at desc",
      empty: "Every open ticket has an owner",
    },
    {
      name: "Near breach or breached",
      filter: { slaStatuses: ["SLA_STATUS_NEAR_BREACH", "SLA_STATUS_BREACHED"] },
      order: "sla_due_at asc",
      empty: "No deadline is near or missed",
    },
    {
      name: "Escalated",
      filter: { statuses: ["TICKET_STATUS_ESCALATED"] },
      order: "priority desc",
      empty: "Nothing is escalated",
    },
  ];
}
