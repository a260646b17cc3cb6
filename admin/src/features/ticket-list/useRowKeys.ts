import { useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import type { Ticket } from "@/api/schemas";

/**
 * The row that the keyboard stands on: j and k or the arrows move it, Enter opens, x selects. Moving takes the focus to
 * the row's link, so that readers of the screen say it, and Enter is the link's own. While a panel is open, j and k
 * lead from ticket to ticket.
 */
export function useRowKeys({
  tickets,
  openId,
  onOpen,
  onSelect,
}: {
  tickets: readonly Ticket[];
  openId: string | undefined;
  onOpen(id: string): void;
  onSelect: ((id: string) => void) | undefined;
}) {
  const [standing, setStanding] = useState<string>();
  const activeId = openId ?? standing;
  const index = tickets.findIndex(({ id }) => id === activeId);
  const neighbour = (step: 1 | -1): string | undefined =>
    index < 0 ? (step === 1 ? tickets[0]?.id : undefined) : tickets[index + step]?.id;

  const move = (step: 1 | -1) => {
    const id = neighbour(step);
    if (id === undefined) {
      return;
    }
    setStanding(id);
    if (openId !== undefined) {
      onOpen(id);
    } else {
      focusRow(id);
    }
  };
  useHotkeys("j", () => move(1), [move]);
  useHotkeys("k", () => move(-1), [move]);
  useHotkeys(
    "down, up",
    (event) => {
      if (isFree(event.target)) {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      }
    },
    { enabled: openId === undefined },
    [move],
  );
  useHotkeys(
    "x",
    () => activeId !== undefined && onSelect?.(activeId),
    { enabled: onSelect !== undefined && openId === undefined },
    [activeId, onSelect],
  );
  return {
    activeId,
    stand: setStanding,
    previousId: index > 0 ? neighbour(-1) : undefined,
    nextId: index >= 0 ? neighbour(1) : undefined,
  };
}

/** Arrows belong to menus, fields and tabs where these have the focus. */
function isFree(target: EventTarget | null): boolean {
  return target instanceof Element && (target === document.body || target.closest("[data-ticket-id] a") !== null);
}

/** The row is drawn at once where it can be, so that its link is there to take the focus. */
function focusRow(id: string): void {
  const row = document.querySelector(`[data-ticket-id="${CSS.escape(id)}"]`);
  row?.querySelector<HTMLElement>(".ticket-title-link")?.focus();
  row?.scrollIntoView({ block: "nearest" });
}
