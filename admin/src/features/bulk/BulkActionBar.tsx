import type { TicketFilter } from "@/api/schemas";

export type BulkActionBarProps = {
  /** The tickets that are chosen in the list; none: the bar is not shown. */
  selectedIds: readonly string[];
  /** What the list shows, for "all that match". */
  filter: TicketFilter;
  /** Empties the choice. */
  onClear(): void;
};

/** What may be done to the chosen tickets, at the foot of the list. */
export function BulkActionBar(_: BulkActionBarProps) {
  return null;
}
