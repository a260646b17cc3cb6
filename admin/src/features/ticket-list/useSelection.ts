import { useCallback, useEffect, useRef } from "react";
import type { Ticket } from "@/api/schemas";

/** Choosing rows one by one, in ranges, and all of the page; what was chosen on other pages stays chosen. */
export function useSelection(
  tickets: readonly Ticket[],
  selectedIds: ReadonlySet<string>,
  onSelect: ((ids: ReadonlySet<string>) => void) | undefined,
) {
  const ids = tickets.map(({ id = "" }) => id);
  const count = ids.filter((id) => selectedIds.has(id)).length;
  const lastChecked = useRef<string>(undefined);
  const latest = useRef({ ids, selectedIds, onSelect });
  useEffect(() => {
    latest.current = { ids, selectedIds, onSelect };
  });

  /** The same function always, so that rows need not be drawn anew. */
  const check = useCallback((id: string, checked: boolean, range: boolean) => {
    const { ids: all, selectedIds: before, onSelect: tell } = latest.current;
    const [from, to] = [all.indexOf(lastChecked.current ?? ""), all.indexOf(id)];
    const meant = range && from >= 0 && to >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    lastChecked.current = id;
    tell?.(changed(before, meant, checked));
  }, []);
  return {
    all: count === 0 ? ("none" as const) : count === ids.length ? ("all" as const) : ("some" as const),
    toggleAll: (checked: boolean) => onSelect?.(changed(selectedIds, ids, checked)),
    check,
  };
}

function changed(before: ReadonlySet<string>, ids: readonly string[], add: boolean): ReadonlySet<string> {
  const next = new Set(before);
  for (const id of ids) {
    if (add) {
      next.add(id);
    } else {
      next.delete(id);
    }
  }
  return next;
}
