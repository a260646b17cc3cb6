import type { TicketFilter } from "@/api/schemas";

export function filterToParams(_filter: TicketFilter, params = new URLSearchParams()): URLSearchParams {
  return params;
}

export function filterFromParams(_params: URLSearchParams): TicketFilter {
  return {};
}
