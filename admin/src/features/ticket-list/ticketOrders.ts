/** An order of the API: what ListTicketsRequest.order_by takes. */
export type TicketOrder = `${TicketOrderField} ${"asc" | "desc"}`;

export type TicketOrderField = "created_at" | "updated_at" | "sla_due_at" | "priority";

/** What the API does when nothing is said. */
export const DEFAULT_ORDER: TicketOrder = "created_at desc";
