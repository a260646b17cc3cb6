import type { TableColumnType } from "antd";
import type { Schemas, Ticket } from "@/api/schemas";
import { TicketSLAIndicator } from "@/features/sla/TicketSLAIndicator";
import { PriorityTag, StatusTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { OwnerName } from "@/ui/UserName";
import type { OptionalColumn } from "./listLayout";
import { RowMenu } from "./RowMenu";
import { LinkedCell, TagsCell, TitleCell } from "./TicketCells";
import { partsOf, type TicketOrder, type TicketOrderField } from "./ticketOrders";

/** What one row shows. The same object as long as nothing in it has changed, so that its cells need not be drawn anew. */
export type Row = { id: string; ticket: Ticket; found: Schemas["SearchResult"] | undefined };

type Column = TableColumnType<Row> & { key: string };

const COLUMNS: readonly Column[] = [
  {
    key: "priority",
    title: "Ticket",
    width: 104,
    render: (_, { ticket }) => (
      <span className="ticket-id-cell">
        <span className="ticket-id">{ticket.id}</span>
        <PriorityTag priority={ticket.priority} />
      </span>
    ),
  },
  { key: "title", title: "Title", render: (_, { ticket, found }) => <TitleCell ticket={ticket} found={found} /> },
  { key: "linked", title: "Linked to", width: 118, render: (_, { ticket }) => <LinkedCell ticket={ticket} /> },
  {
    key: "owner",
    title: "Owner",
    width: 128,
    render: (_, { ticket }) => (
      <span className="ticket-owner">
        <OwnerName ownerId={ticket.ownerId} ownerRole={ticket.ownerRole} />
      </span>
    ),
  },
  { key: "status", title: "Status", width: 138, render: (_, { ticket }) => <StatusTag status={ticket.status} /> },
  {
    key: "sla",
    title: "SLA",
    width: 172,
    render: (_, { ticket }) => <TicketSLAIndicator ticket={ticket} variant="chip" />,
  },
  { key: "tags", title: "Tags", width: 118, render: (_, { ticket }) => <TagsCell tags={ticket.tags} /> },
  { key: "created", title: "Created", width: 96, render: (_, { ticket }) => <TimeAgo at={ticket.createdAt} /> },
  { key: "updated", title: "Updated", width: 96, render: (_, { ticket }) => <TimeAgo at={ticket.updatedAt} /> },
];

const SORTERS: Readonly<Record<string, TicketOrderField>> = {
  priority: "priority",
  sla: "sla_due_at",
  created: "created_at",
  updated: "updated_at",
};

/** What is asked for first when a heading is pressed. */
const FIRST_DIRECTION: Readonly<Record<TicketOrderField, "asc" | "desc">> = {
  priority: "desc",
  sla_due_at: "asc",
  created_at: "desc",
  updated_at: "desc",
};

/** The column's order after its heading is pressed: its first direction, then the other. */
export function orderAfter(key: string, current: TicketOrder | undefined): TicketOrder | undefined {
  const field = SORTERS[key];
  if (field === undefined) {
    return undefined;
  }
  const first: TicketOrder = `${field} ${FIRST_DIRECTION[field]}`;
  return current === first ? `${field} ${FIRST_DIRECTION[field] === "asc" ? "desc" : "asc"}` : first;
}

/** The columns of the table. `order` is undefined where rows are ranked. */
export function ticketColumns(
  order: TicketOrder | undefined,
  hidden: readonly OptionalColumn[],
  withMenu: boolean,
): Column[] {
  const [sorted, direction] = order ? partsOf(order) : [];
  const columns = COLUMNS.filter(({ key }) => !(hidden as readonly string[]).includes(key)).map((column) => ({
    ...column,
    shouldCellUpdate: isOther,
    ...(column.key in SORTERS && {
      sorter: true,
      showSorterTooltip: false,
      sortOrder:
        SORTERS[column.key] === sorted ? (direction === "asc" ? ("ascend" as const) : ("descend" as const)) : null,
    }),
  }));
  return withMenu ? [...columns, MENU] : columns;
}

function isOther(row: Row, before: Row): boolean {
  return row !== before;
}

const MENU: Column = {
  key: "menu",
  title: <span className="visually-hidden">Actions</span>,
  width: 44,
  render: (_, { ticket }) => <RowMenu ticket={ticket} />,
  shouldCellUpdate: isOther,
};
