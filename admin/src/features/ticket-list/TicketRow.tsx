import { memo } from "react";
import type { Ticket } from "@/api/schemas";
import { RowMenu } from "./RowMenu";
import type { Column, Found } from "./ticketColumns";

/** One ticket. Drawn anew only when something of it has changed, so everything given must be the same until then. */
export const TicketRow = memo(function TicketRow({
  ticket,
  found,
  columns,
  rowIndex,
  isActive,
  isChanged,
  isGone,
  isSelected,
  onCheck,
  withMenu,
}: {
  ticket: Ticket;
  found: Found;
  columns: readonly Column[];
  rowIndex: number;
  isActive: boolean;
  isChanged: boolean;
  isGone: boolean;
  isSelected: boolean;
  /** `range`: from the row checked last to this one. */
  onCheck: ((id: string, checked: boolean, range: boolean) => void) | undefined;
  withMenu: boolean;
}) {
  const id = ticket.id ?? "";
  const classes = [
    "ticket-row",
    isActive && "ticket-row-active",
    isChanged && "ticket-row-changed",
    isGone && "ticket-row-gone",
    isSelected && "ticket-row-selected",
  ];
  return (
    <tr data-ticket-id={id} aria-rowindex={rowIndex} className={classes.filter(Boolean).join(" ")}>
      {onCheck && (
        <td className="ticket-check">
          <label>
            <input
              type="checkbox"
              aria-label={`Select ${id}`}
              checked={isSelected}
              onChange={(event) =>
                onCheck(id, event.target.checked, event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey)
              }
            />
          </label>
        </td>
      )}
      {columns.map(({ key, draw }) => (
        <td key={key}>
          {draw(ticket, found)}
          {key === "title" && isGone && <span className="ticket-gone-word">No longer matches</span>}
        </td>
      ))}
      {withMenu && (
        <td className="ticket-menu">
          <RowMenu ticket={ticket} />
        </td>
      )}
    </tr>
  );
});
