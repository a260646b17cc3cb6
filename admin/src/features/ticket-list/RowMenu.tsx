import { MoreOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { lazy, Suspense, useState } from "react";
import type { Ticket } from "@/api/schemas";

const TicketQuickActions = lazy(async () => ({
  default: (await import("@/features/ticket-actions/TicketQuickActions")).TicketQuickActions,
}));

/** What may be done to a row's ticket. Nothing is asked before somebody reaches for it: there are many rows. */
export function RowMenu({ ticket }: { ticket: Ticket }) {
  const [wanted, setWanted] = useState(false);
  const placeholder = (
    <Button
      type="text"
      size="small"
      icon={<MoreOutlined />}
      aria-label={`Actions on ${ticket.id}`}
      onClick={() => setWanted(true)}
    />
  );
  if (!wanted) {
    return placeholder;
  }
  return (
    <Suspense fallback={placeholder}>
      <TicketQuickActions ticket={ticket} layout="menu" />
    </Suspense>
  );
}
