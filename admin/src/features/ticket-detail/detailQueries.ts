import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import type { LinkedType, Ticket, TicketFilter } from "@/api/schemas";
import { ticketKeys } from "@/api/tickets";
import { OPEN_STATUSES } from "@/vocabulary/tickets";

const SHOWN = 5;

export function linkedFilter(linkedType: LinkedType, linkedId: string): TicketFilter {
  return { linkedType, linkedId };
}

/** The latest other tickets of a thing, and how many of the others are open. */
export function linkedTicketsQuery({ id = "", linkedType, linkedId, status, archived }: Ticket) {
  const isOpen = !archived && OPEN_STATUSES.some((each) => each === status);
  const filter = linkedFilter(linkedType ?? "LINKED_TYPE_UNSPECIFIED", linkedId ?? "");
  return queryOptions({
    queryKey: [...ticketKeys.lists, "linked", linkedType, linkedId, id, isOpen],
    queryFn: async ({ signal }) => {
      const [latest, open] = await Promise.all([
        // One more than is shown, since this ticket is among them.
        unwrap(api.POST("/admin/tickets:list", { body: { filter, pageSize: SHOWN + 1 }, signal })),
        unwrap(
          api.POST("/admin/tickets:list", {
            body: { filter: { ...filter, statuses: OPEN_STATUSES }, pageSize: 1, includeTotal: true },
            signal,
          }),
        ),
      ]);
      return {
        others: (latest.tickets ?? []).filter((each) => each.id !== id).slice(0, SHOWN),
        openCount: Math.max(0, Number(open.totalSize ?? 0) - (isOpen ? 1 : 0)),
        openCountCapped: open.totalSizeCapped === true,
      };
    },
  });
}

/** The audit trail, first row first. Each page read with a reason is written down there. */
export function auditQuery(ticketId: string, accessReason: string | undefined) {
  const pageSize = 50;
  const path = { ticketId };
  return infiniteQueryOptions({
    queryKey: [...ticketKeys.ticket(ticketId), "audit", accessReason ?? null],
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        accessReason === undefined
          ? api.GET("/admin/tickets/{ticketId}/audit", {
              params: { path, query: { pageSize, ...(pageParam && { pageToken: pageParam }) } },
              signal,
            })
          : api.POST("/admin/tickets/{ticketId}/audit:view", {
              params: { path },
              body: { pageSize, accessReason, ...(pageParam && { pageToken: pageParam }) },
              signal,
            }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    ...(accessReason !== undefined && {
      meta: { audited: true },
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    }),
  });
}
