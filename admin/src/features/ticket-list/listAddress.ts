import type { TicketFilter } from "@/api/schemas";
import { filterToParams, type Ignored, parseFilter } from "@/features/ticket-filters/filterParams";
import { DEFAULT_ORDER, orderFromParam, orderToParam, type TicketOrder } from "./ticketOrders";

export const PAGE_SIZES = [25, 50, 100, 200] as const;
const DEFAULT_PAGE_SIZE = 50;

/** What the list is asked for, as the address says it. */
export type ListAddress = {
  filter: TicketFilter;
  /** Words from the search box: results come ranked, and `order` does not count. Empty for none. */
  query: string;
  order: TicketOrder;
  pageSize: number;
  /** The saved view that the filter was taken from, though it may have been changed since. */
  viewId: string | undefined;
};

/** `me` is the user that "owner=me" means. */
export function readListAddress(params: URLSearchParams, me: string | undefined): ListAddress & { ignored: Ignored[] } {
  const { filter, ignored } = parseFilter(params, me);
  const sort = params.get("sort");
  const order = orderFromParam(sort);
  if (sort !== null && order === undefined) {
    ignored.push({ name: "sort", value: sort });
  }
  const size = Number(params.get("size"));
  return {
    filter,
    ignored,
    query: params.get("q")?.trim() ?? "",
    order: order ?? DEFAULT_ORDER,
    pageSize: PAGE_SIZES.find((each) => each === size) ?? DEFAULT_PAGE_SIZE,
    viewId: params.get("view") ?? undefined,
  };
}

/** Parameters that are not the list's stay. */
export function writeListAddress(address: ListAddress, before: URLSearchParams, me: string | undefined) {
  const params = filterToParams(address.filter, before, me);
  const put = (name: string, value: string | undefined, usual?: string) => {
    if (value && value !== usual) {
      params.set(name, value);
    } else {
      params.delete(name);
    }
  };
  put("q", address.query);
  put("sort", orderToParam(address.order), orderToParam(DEFAULT_ORDER));
  put("size", String(address.pageSize), String(DEFAULT_PAGE_SIZE));
  put("view", address.viewId);
  return params;
}

/** What is searched for and filtered by as one filter, for what takes a filter alone: exports, bulk changes. */
export function wholeFilter({ filter, query }: Pick<ListAddress, "filter" | "query">): TicketFilter {
  return query ? { ...filter, text: [filter.text, query].filter(Boolean).join(" ") } : filter;
}
