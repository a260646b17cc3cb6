import type { ReactNode } from "react";
import type { Schemas, Ticket } from "@/api/schemas";
import { TicketSLAIndicator } from "@/features/sla/TicketSLAIndicator";
import { PriorityTag, StatusTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { OwnerName } from "@/ui/UserName";
import type { OptionalColumn } from "./listLayout";
import { LinkedCell, TagsCell, TitleCell } from "./TicketCells";
import { partsOf, type TicketOrder, type TicketOrderField } from "./ticketOrders";

export type Found = Schemas["SearchResult"] | undefined;

export type Column = {
  key: "id" | "title" | OptionalColumn;
  title: string;
  /** Of CSS, or in pixels; the title takes what is left. */
  width?: number | string;
  /** Pressing the heading asks for `first`, and after that for the other direction. */
  sort?: { field: TicketOrderField; first: "asc" | "desc" };
  draw(ticket: Ticket, found: Found): ReactNode;
};

const COLUMNS: readonly Column[] = [
  {
    key: "id",
    title: "Ticket",
    width: 106,
    sort: { field: "priority", first: "desc" },
    draw: (ticket) => (
      <span className="ticket-id-cell">
        <span className="ticket-id">{ticket.id}</span>
        <PriorityTag priority={ticket.priority} />
      </span>
    ),
  },
  { key: "title", title: "Title", draw: (ticket, found) => <TitleCell ticket={ticket} found={found} /> },
  { key: "linked", title: "Linked to", width: 104, draw: (ticket) => <LinkedCell ticket={ticket} /> },
  {
    key: "owner",
    title: "Owner",
    width: "var(--owner-width)",
    draw: (ticket) => (
      <span className="ticket-owner">
        <OwnerName ownerId={ticket.ownerId} ownerRole={ticket.ownerRole} />
      </span>
    ),
  },
  { key: "status", title: "Status", width: 140, draw: (ticket) => <StatusTag status={ticket.status} /> },
  {
    key: "sla",
    title: "SLA",
    width: 152,
    sort: { field: "sla_due_at", first: "asc" },
    draw: (ticket) => <TicketSLAIndicator ticket={ticket} variant="chip" />,
  },
  { key: "tags", title: "Tags", width: "var(--tags-width)", draw: (ticket) => <TagsCell tags={ticket.tags} /> },
  {
    key: "created",
    title: "Created",
    width: 88,
    sort: { field: "created_at", first: "desc" },
    draw: (ticket) => <TimeAgo at={ticket.createdAt} short />,
  },
  {
    key: "updated",
    title: "Updated",
    width: 88,
    sort: { field: "updated_at", first: "desc" },
    draw: (ticket) => <TimeAgo at={ticket.updatedAt} short />,
  },
];

export function ticketColumns(hidden: readonly OptionalColumn[]): readonly Column[] {
  return COLUMNS.filter(({ key }) => !(hidden as readonly string[]).includes(key));
}

/** The order after a column's heading is pressed. `order` is undefined where rows are ranked. */
export function orderAfter({ field, first }: NonNullable<Column["sort"]>, order: TicketOrder | undefined): TicketOrder {
  return order === `${field} ${first}` ? `${field} ${first === "asc" ? "desc" : "asc"}` : `${field} ${first}`;
}

/** As `aria-sort` says it; undefined for a column that the rows are not ordered by. */
export function sortedBy({ sort }: Column, order: TicketOrder | undefined): "ascending" | "descending" | undefined {
  if (sort === undefined || order === undefined) {
    return undefined;
  }
  const [field, direction] = partsOf(order);
  return field === sort.field ? (direction === "asc" ? "ascending" : "descending") : undefined;
}
