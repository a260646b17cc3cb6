import { EllipsisOutlined } from "@ant-design/icons";
import { lazy, type RefObject, Suspense, useEffect, useRef, useState } from "react";
import type { Ticket } from "@/api/schemas";
import { PartBoundary } from "@/ui/PartBoundary";

const TicketQuickActions = lazy(async () => ({
  default: (await import("@/features/ticket-actions/TicketQuickActions")).TicketQuickActions,
}));

/** What may be done to a row's ticket. Nothing is made before somebody reaches for it: there are many rows. */
export function RowMenu({ ticket }: { ticket: Ticket }) {
  const [wanted, setWanted] = useState(false);
  const frame = useRef<HTMLSpanElement>(null);
  const placeholder = (
    <button
      type="button"
      className="row-menu"
      aria-haspopup="menu"
      aria-busy={wanted}
      aria-label={`Actions on ${ticket.id}`}
      onClick={() => setWanted(true)}
    >
      <EllipsisOutlined aria-hidden />
    </button>
  );
  return (
    <span ref={frame}>
      {wanted ? (
        <PartBoundary floating>
          <Suspense fallback={placeholder}>
            <TicketQuickActions ticket={ticket} layout="menu" />
            <Opener frame={frame} />
          </Suspense>
        </PartBoundary>
      ) : (
        placeholder
      )}
    </span>
  );
}

/** The press that asked for the menu is passed on once it is there. */
function Opener({ frame }: { frame: RefObject<HTMLSpanElement | null> }) {
  useEffect(() => {
    // Not while React draws: a click is answered at once.
    const timer = setTimeout(() => {
      const button = frame.current?.querySelector("button");
      button?.focus();
      button?.click();
    });
    return () => clearTimeout(timer);
  }, [frame]);
  return null;
}
