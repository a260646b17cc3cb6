import type { TicketFilter } from "@/api/schemas";

export type TicketFiltersProps = { value: TicketFilter; onChange(filter: TicketFilter): void };

export function TicketFilters(_props: TicketFiltersProps) {
  return null;
}
