import { Checkbox } from "antd";
import { TicketSLAIndicator } from "@/features/sla/TicketSLAIndicator";
import { PriorityTag, StatusTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { OwnerName } from "@/ui/UserName";
import { LinkedCell, TitleCell } from "./TicketCells";
import type { TicketsTableProps } from "./TicketsTable";
import { useListStyle } from "./useListStyle";
import "./ticket-list.css";
import "./ticket-cards.css";

type Props = Pick<
  TicketsTableProps,
  "tickets" | "loading" | "selectedIds" | "onSelect" | "onOpen" | "activeId" | "highlights" | "changedIds" | "goneIds"
>;

/** Tickets for narrow screens: what the table shows, one below the other. */
export function TicketCards({
  tickets,
  loading = false,
  selectedIds,
  onSelect,
  onOpen,
  activeId,
  highlights,
  changedIds,
  goneIds,
}: Props) {
  const style = useListStyle();
  const toggle = (id: string, selected: boolean) => {
    const next = new Set(selectedIds);
    if (selected) {
      next.add(id);
    } else {
      next.delete(id);
    }
    onSelect?.(next);
  };
  return (
    <ul className="ticket-cards" style={style} aria-busy={loading} data-stale={loading || undefined} inert={loading}>
      {tickets.map((ticket) => {
        const id = ticket.id ?? "";
        const classes = [
          "ticket-card",
          id === activeId && "ticket-row-active",
          changedIds?.has(id) && "ticket-row-changed",
          goneIds?.has(id) && "ticket-row-gone",
        ];
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the title is a link; a tap beside it is a convenience.
          <li
            key={id}
            data-ticket-id={id}
            className={classes.filter(Boolean).join(" ")}
            onClick={(event) => {
              if ((event.target as Element).closest("a, button, label") === null) {
                onOpen(id);
              }
            }}
          >
            {onSelect && (
              <Checkbox
                checked={selectedIds.has(id)}
                aria-label={`Select ${id}`}
                onChange={(event) => toggle(id, event.target.checked)}
              />
            )}
            <div className="ticket-card-body">
              <div className="ticket-card-line">
                <span className="ticket-id">{id}</span>
                <PriorityTag priority={ticket.priority} />
                <span className="ticket-card-end list-muted">
                  <TimeAgo at={ticket.createdAt} />
                </span>
              </div>
              <TitleCell ticket={ticket} found={highlights?.[id]} />
              <div className="ticket-card-line">
                <StatusTag status={ticket.status} />
                <TicketSLAIndicator ticket={ticket} variant="chip" />
              </div>
              <div className="ticket-card-line">
                <OwnerName ownerId={ticket.ownerId} ownerRole={ticket.ownerRole} />
                {ticket.linkedId && <LinkedCell ticket={ticket} />}
              </div>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
