import type { Ticket, TicketPriority } from "@/api/schemas";

/** An order of the API: what ListTicketsRequest.order_by takes. */
export type TicketOrder = `${TicketOrderField} ${"asc" | "desc"}`;

export type TicketOrderField = "created_at" | "updated_at" | "sla_due_at" | "priority";

/** What the API does when nothing is said. */
export const DEFAULT_ORDER: TicketOrder = "created_at desc";

/** By what they are called, the useful direction of each first. */
export const ORDERS: Readonly<Record<TicketOrder, string>> = {
  "created_at desc": "Newest first",
  "created_at asc": "Oldest first",
  "updated_at desc": "Changed last",
  "updated_at asc": "Unchanged the longest",
  "sla_due_at asc": "Due soonest",
  "sla_due_at desc": "Due latest",
  "priority desc": "Most urgent first",
  "priority asc": "Least urgent first",
};

const NAMES: Readonly<Record<TicketOrderField, string>> = {
  created_at: "created",
  updated_at: "updated",
  sla_due_at: "due",
  priority: "priority",
};

/** "due" and "-created" of an address; undefined for what is no order. */
export function orderFromParam(param: string | null): TicketOrder | undefined {
  const name = param?.replace(/^-/, "");
  const field = (Object.keys(NAMES) as TicketOrderField[]).find((each) => NAMES[each] === name);
  return field && `${field} ${param?.startsWith("-") ? "desc" : "asc"}`;
}

export function orderToParam(order: TicketOrder): string {
  const [field, direction] = partsOf(order);
  return (direction === "desc" ? "-" : "") + NAMES[field];
}

/** What a saved view's order_by says; the default for one that is empty or unknown. */
export function orderOf(orderBy: string | undefined): TicketOrder {
  const [field, direction = "asc"] = (orderBy ?? "").trim().split(/\s+/);
  const order = `${field} ${direction}`;
  return order in ORDERS ? (order as TicketOrder) : DEFAULT_ORDER;
}

export function partsOf(order: TicketOrder): [TicketOrderField, "asc" | "desc"] {
  return order.split(" ") as [TicketOrderField, "asc" | "desc"];
}

const RANKS: Readonly<Record<TicketPriority, number>> = {
  TICKET_PRIORITY_UNSPECIFIED: 0,
  TICKET_PRIORITY_LOW: 1,
  TICKET_PRIORITY_MEDIUM: 2,
  TICKET_PRIORITY_HIGH: 3,
  TICKET_PRIORITY_CRITICAL: 4,
};

/** Negative where `one` comes before `other`; ties are left to the server. */
export function compareTickets(one: Ticket, other: Ticket, order: TicketOrder): number {
  const [field, direction] = partsOf(order);
  const difference =
    field === "priority" ? rankOf(one) - rankOf(other) || byTime(one, other, "created_at") : byTime(one, other, field);
  return direction === "asc" ? difference : -difference;
}

function rankOf({ priority }: Ticket): number {
  return RANKS[priority ?? "TICKET_PRIORITY_UNSPECIFIED"] ?? 0;
}

function byTime(one: Ticket, other: Ticket, field: Exclude<TicketOrderField, "priority">): number {
  const [first, second] = [timeOf(one, field), timeOf(other, field)];
  return first === second ? 0 : first - second;
}

function timeOf(ticket: Ticket, field: Exclude<TicketOrderField, "priority">): number {
  const instant =
    field === "created_at" ? ticket.createdAt : field === "updated_at" ? ticket.updatedAt : ticket.slaDueAt;
  return instant ? Date.parse(instant) : Number.POSITIVE_INFINITY;
}
