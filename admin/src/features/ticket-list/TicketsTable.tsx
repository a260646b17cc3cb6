import { CaretDownOutlined, CaretUpOutlined } from "@ant-design/icons";
import { type MouseEvent, useMemo, useRef } from "react";
import type { Schemas, Ticket } from "@/api/schemas";
import { DEFAULT_LAYOUT, type ListLayout } from "./listLayout";
import { TicketRow } from "./TicketRow";
import { type Column, orderAfter, sortedBy, ticketColumns } from "./ticketColumns";
import type { TicketOrder } from "./ticketOrders";
import { useListStyle } from "./useListStyle";
import { useRowWindow } from "./useRowWindow";
import { useSelection } from "./useSelection";
import "./ticket-list.css";
import "./tickets-table.css";

/** What a search found in a ticket, by its id. */
type Highlights = Readonly<Record<string, Schemas["SearchResult"]>>;

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
};

/**
 * Tickets as rows. The title is a link; a click anywhere else in a row opens it too. The rows in sight are drawn at
 * once and the others after them; of thousands only those in sight.
 *
 * No Table of Ant Design: fifty rows of it take three times as long to draw, which is what people wait for after each
 * change of a filter.
 */
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
  changedIds,
  goneIds,
  layout = DEFAULT_LAYOUT,
  withMenu = false,
}: TicketsTableProps) {
  const style = useListStyle();
  const frame = useRef<HTMLDivElement>(null);
  const columns = useMemo(() => ticketColumns(layout.hidden), [layout.hidden]);
  const { shown, before, after, first } = useRowWindow(tickets, frame, layout.density === "compact" ? 45 : 58);
  const selection = useSelection(tickets, selectedIds, onSelect);
  return (
    <div
      ref={frame}
      className="tickets-table"
      style={style}
      aria-busy={loading}
      data-stale={loading || undefined}
      // What is on its way out is not to be acted on.
      inert={loading}
      data-density={layout.density}
    >
      <table aria-rowcount={tickets.length + 1}>
        <colgroup>
          {onSelect && <col style={{ width: 40 }} />}
          {columns.map(({ key, width }) => (
            <col key={key} style={width === undefined ? undefined : { width }} />
          ))}
          {withMenu && <col style={{ width: 48 }} />}
        </colgroup>
        <thead>
          <tr>
            {onSelect && (
              <th scope="col" className="ticket-check">
                <label>
                  <input
                    type="checkbox"
                    aria-label="Select all rows of this page"
                    checked={selection.all === "all"}
                    ref={(box) => {
                      if (box) {
                        box.indeterminate = selection.all === "some";
                      }
                    }}
                    onChange={(event) => selection.toggleAll(event.target.checked)}
                  />
                </label>
              </th>
            )}
            {columns.map((column) => (
              <Heading key={column.key} column={column} order={order} onOrder={onOrder} />
            ))}
            {withMenu && (
              <th scope="col">
                <span className="visually-hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <RowsBody onOpen={onOpen}>
          {before > 0 && <Spacer height={before} />}
          {shown.map((ticket, index) => {
            const id = ticket.id ?? "";
            return (
              <TicketRow
                key={id}
                ticket={ticket}
                found={highlights?.[id]}
                columns={columns}
                rowIndex={first + index + 2}
                isActive={id === activeId}
                isChanged={changedIds?.has(id) ?? false}
                isGone={goneIds?.has(id) ?? false}
                isSelected={selectedIds.has(id)}
                onCheck={onSelect && selection.check}
                withMenu={withMenu}
              />
            );
          })}
          {after > 0 && <Spacer height={after} />}
        </RowsBody>
      </table>
    </div>
  );
}

function RowsBody({ onOpen, children }: { onOpen(id: string): void; children: React.ReactNode }) {
  const open = (event: MouseEvent) => {
    const target = event.target as Element;
    const id = target.closest<HTMLElement>("[data-ticket-id]")?.dataset.ticketId;
    const isForControl = target.closest("a, button, input, label, .ticket-check, .ticket-menu") !== null;
    // What is drawn elsewhere, such as a menu, tells React's parents here of clicks too.
    if (id && !isForControl && event.currentTarget.contains(target) && !window.getSelection()?.toString()) {
      onOpen(id);
    }
  };
  // biome-ignore lint/a11y/useKeyWithClickEvents: each row has a link that does the same.
  return <tbody onClick={open}>{children}</tbody>;
}

function Spacer({ height }: { height: number }) {
  return (
    <tr aria-hidden>
      <td style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}

function Heading({
  column,
  order,
  onOrder,
}: {
  column: Column;
  order: TicketOrder | undefined;
  onOrder(order: TicketOrder): void;
}) {
  const { sort, title } = column;
  const sorted = sortedBy(column, order);
  return (
    <th scope="col" aria-sort={sort ? (sorted ?? "none") : undefined}>
      {sort ? (
        <button type="button" className="tickets-sort" onClick={() => onOrder(orderAfter(sort, order))}>
          {title}
          {sort.field === "priority" && <span className="visually-hidden">, by priority</span>}
          <span className="tickets-sort-carets" aria-hidden>
            <CaretUpOutlined aria-hidden data-on={sorted === "ascending" || undefined} />
            <CaretDownOutlined aria-hidden data-on={sorted === "descending" || undefined} />
          </span>
        </button>
      ) : (
        title
      )}
    </th>
  );
}
