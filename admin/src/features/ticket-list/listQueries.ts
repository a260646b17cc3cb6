import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { callerQuery } from "@/api/caller";
import { api, unwrap } from "@/api/client";
import type { Schemas, Ticket, TicketFilter } from "@/api/schemas";
import { ticketKeys } from "@/api/tickets";
import { compact, dependsOnReader } from "@/features/ticket-filters/filterParams";
import { type ListAddress, readListAddress } from "./listAddress";

/** What the rows depend on. */
export type ListRequest = Pick<ListAddress, "filter" | "query" | "order" | "pageSize">;

export type TicketPage = {
  tickets: Ticket[];
  /** By ticket id; empty where nothing was searched for. */
  found: Readonly<Record<string, Schemas["SearchResult"]>>;
  /** Empty after the last page. */
  nextPageToken: string;
  /** When the server was asked, in milliseconds; changes told since then do not touch it. */
  fetchedAt: number;
};

/** Only what narrows, so that filters that mean the same share what is cached. */
export function requestOf({ filter, query, order, pageSize }: ListRequest): ListRequest {
  return { filter: compact(filter), query, order: query ? "created_at desc" : order, pageSize };
}

/** One page; the rows of the page before stay until it is there. It is kept up to date by the watch, not by focus. */
export function pageQuery(request: ListRequest, pageToken: string) {
  return queryOptions({
    queryKey: [...ticketKeys.lists, "page", request, pageToken],
    queryFn: ({ signal }) => fetchPage(request, pageToken, signal),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    // Whoever comes back sees what was there, and what has changed since; long enough to leaf back.
    gcTime: 2 * 60_000,
  });
}

export async function fetchPage(request: ListRequest, pageToken: string, signal: AbortSignal): Promise<TicketPage> {
  const { filter, query, order, pageSize } = request;
  const fetchedAt = Date.now();
  const page = { pageSize, ...(pageToken && { pageToken }) };
  if (!query) {
    const { tickets = [], nextPageToken = "" } = await unwrap(
      api.POST("/admin/tickets:list", { body: { filter, orderBy: order, ...page }, signal }),
    );
    return { tickets, found: {}, nextPageToken, fetchedAt };
  }
  const { results = [], nextPageToken = "" } = await unwrap(
    api.POST("/admin/tickets:search", { body: { query, filter, ...page }, signal }),
  );
  const tickets = results.flatMap(({ ticket }) => ticket ?? []);
  const found = Object.fromEntries(results.map((result) => [result.ticket?.id ?? "", result]));
  return { tickets, found, nextPageToken, fetchedAt };
}

/** How many match, on all pages. Asked for by itself, since counting takes longer than the rows. */
export function totalQuery(filter: TicketFilter, query: string) {
  return queryOptions({
    queryKey: [...ticketKeys.lists, "total", compact(filter), query],
    queryFn: async ({ signal }) => {
      const count = { filter, pageSize: 1, includeTotal: true };
      const { totalSize, totalSizeCapped } = query
        ? await unwrap(api.POST("/admin/tickets:search", { body: { query, ...count }, signal }))
        : await unwrap(api.POST("/admin/tickets:list", { body: count, signal }));
      return { count: Number(totalSize ?? 0), capped: totalSizeCapped ?? false };
    },
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
}

/** Asks for the rows of an address while the code of the list and the caller's name are still on their way. */
export async function prefetchList(queryClient: QueryClient, search: string): Promise<void> {
  const params = new URLSearchParams(search);
  const me = dependsOnReader(params)
    ? await queryClient.ensureQueryData(callerQuery).then(
        ({ userId }) => userId,
        () => undefined,
      )
    : undefined;
  await queryClient.prefetchQuery(pageQuery(requestOf(readListAddress(params, me)), ""));
}
