import { Table, type TableProps } from "antd";
import { type MouseEvent, useMemo, useRef } from "react";
import type { Schemas, Ticket } from "@/api/schemas";
import { DEFAULT_LAYOUT, type ListLayout } from "./listLayout";
import { orderAfter, type Row, ticketColumns } from "./ticketColumns";
import type { TicketOrder } from "./ticketOrders";
import { useListStyle } from "./useListStyle";
import "./ticket-list.css";

/** What a search found in a ticket, by its id. */
export type Highlights = Readonly<Record<string, Schemas["SearchResult"]>>;

export type TicketsTableProps = {
  tickets: readonly Ticket[];
  /** The rows are those of before, and others are on their way. */
  loading?: boolean;
  selectedIds: ReadonlySet<string>;
  /** Without it nothing can be selected. */
  onSelect?: ((ids: ReadonlySet<string>) => void) | undefined;
  onOpen(id: string): void;
  /** The row that the keyboard stands on, or whose panel is open. */
  activeId?: string | undefined;
  /** Undefined where rows are ranked by a search. */
  order: TicketOrder | undefined;
  onOrder(order: TicketOrder): void;
  highlights?: Highlights | undefined;
  /** Rows that were just replaced, and rows that no longer match. */
  changedIds?: ReadonlySet<string> | undefined;
  goneIds?: ReadonlySet<string> | undefined;
  layout?: ListLayout;
  /** Whether rows have a menu of actions. */
  withMenu?: boolean;
  /** Draws only the rows in sight, in so many pixels: for thousands of rows. */
  virtualHeight?: number | undefined;
};

const NONE: ReadonlySet<string> = new Set();
/** Below this the table scrolls sideways within its frame. */
const LEAST_WIDTH = 1140;

/** Tickets as rows. The title is a link; a click anywhere else in a row opens it too. */
export function TicketsTable({
  tickets,
  loading = false,
  selectedIds,
  onSelect,
  onOpen,
  activeId,
  order,
  onOrder,
  highlights,
  changedIds = NONE,
  goneIds = NONE,
  layout = DEFAULT_LAYOUT,
  withMenu = false,
  virtualHeight,
}: TicketsTableProps) {
  const style = useListStyle();
  const rows = useRows(tickets, highlights);
  const columns = useMemo(() => ticketColumns(order, layout.hidden, withMenu), [order, layout.hidden, withMenu]);
  const selectedRowKeys = useMemo(() => [...selectedIds], [selectedIds]);
  const rowSelection: TableProps<Row>["rowSelection"] = onSelect && {
    selectedRowKeys,
    preserveSelectedRowKeys: true,
    columnWidth: 36,
    onChange: (keys) => onSelect(new Set(keys.map(String))),
    getCheckboxProps: ({ id }) => ({ "aria-label": `Select ${id}` }) as object,
    getTitleCheckboxProps: () => ({ "aria-label": "Select all rows of this page" }) as object,
  };
  return (
    <div
      className="tickets-table"
      style={style}
      aria-busy={loading}
      data-stale={loading || undefined}
      data-density={layout.density}
    >
      <Table<Row>
        rowKey="id"
        size={layout.density === "compact" ? "small" : "medium"}
        dataSource={rows}
        columns={columns}
        pagination={false}
        rowSelection={rowSelection}
        tableLayout="fixed"
        virtual={virtualHeight !== undefined}
        scroll={{ x: LEAST_WIDTH, ...(virtualHeight !== undefined && { y: virtualHeight }) }}
        sortDirections={["ascend", "descend", "ascend"]}
        onChange={(_pagination, _filters, sorter, { action }) => {
          const key = Array.isArray(sorter) ? undefined : sorter.columnKey;
          const next = action === "sort" && key !== undefined ? orderAfter(String(key), order) : undefined;
          if (next) {
            onOrder(next);
          }
        }}
        rowClassName={({ id }) => {
          const classes = ["ticket-row"];
          if (id === activeId) {
            classes.push("ticket-row-active");
          }
          if (changedIds.has(id)) {
            classes.push("ticket-row-changed");
          }
          if (goneIds.has(id)) {
            classes.push("ticket-row-gone");
          }
          return classes.join(" ");
        }}
        onRow={({ id }) => ({
          onClick: (event) => {
            if (isForRow(event)) {
              onOpen(id);
            }
          },
          ...{ "data-ticket-id": id },
        })}
      />
    </div>
  );
}

/** A click that is meant for no control in the row, and that marks no text. */
function isForRow(event: MouseEvent): boolean {
  const target = event.target as Element;
  return (
    event.currentTarget.contains(target) &&
    target.closest("a, button, input, label, .ant-table-selection-column") === null &&
    !window.getSelection()?.toString()
  );
}

/** Rows whose objects stay the same as long as their tickets do. */
function useRows(tickets: readonly Ticket[], highlights: Highlights | undefined): Row[] {
  const before = useRef<ReadonlyMap<string, Row>>(new Map());
  return useMemo(() => {
    const rows = tickets.map((ticket) => {
      const id = ticket.id ?? "";
      const found = highlights?.[id];
      const held = before.current.get(id);
      return held?.ticket === ticket && held.found === found ? held : { id, ticket, found };
    });
    before.current = new Map(rows.map((row) => [row.id, row]));
    return rows;
  }, [tickets, highlights]);
}
