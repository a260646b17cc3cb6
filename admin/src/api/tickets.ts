import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, unwrap, unwrapWithEtag } from "./client";
import type { Ticket } from "./schemas";

/**
 * Keys of all that is cached of tickets. A list or a count stands below `lists`, whatever its filter; what is cached of
 * one ticket stands below `ticket(id)`.
 */
export const ticketKeys = {
  lists: ["tickets"] as const,
  ticket: (id: string) => ["ticket", id] as const,
};

/**
 * One ticket. With a reason, a sensitive one comes with its protected fields, and the view is audited: so that is never
 * asked for again by itself.
 */
export function ticketQuery(id: string, accessReason?: string) {
  const revealed = accessReason !== undefined;
  return queryOptions({
    queryKey: [...ticketKeys.ticket(id), "ticket", accessReason ?? null],
    queryFn: async ({ signal }): Promise<Ticket> => {
      const { data, etag } = await unwrapWithEtag(
        revealed
          ? api.POST("/admin/tickets/{id}:view", { params: { path: { id } }, body: { accessReason }, signal })
          : api.GET("/admin/tickets/{id}", { params: { path: { id } }, signal }),
      );
      return { ...data, etag: data.etag ?? etag ?? "" };
    },
    ...(revealed && {
      meta: { audited: true },
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    }),
  });
}

/** What the caller may do to a ticket as it is now. */
export function ticketActionsQuery(id: string) {
  return queryOptions({
    queryKey: [...ticketKeys.ticket(id), "actions"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/admin/tickets/{ticketId}/actions", { params: { path: { ticketId: id } }, signal })),
  });
}

/** Who watches a ticket; for those who are no staff, only whether they do themselves. */
export function watchersQuery(id: string) {
  return queryOptions({
    queryKey: [...ticketKeys.ticket(id), "watchers"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/admin/tickets/{ticketId}/watchers", {
          params: { path: { ticketId: id }, query: { pageSize: 200 } },
          signal,
        }),
      ),
  });
}

/**
 * After a change of one ticket that this page made or was told of: what is cached of it is asked for again. Not so
 * queries with `meta.audited`, each read of which is written down: those a person asks for.
 */
export function ticketChanged(queryClient: QueryClient, id: string): void {
  void queryClient.invalidateQueries({
    queryKey: ticketKeys.ticket(id),
    predicate: (query) => query.meta?.audited !== true,
  });
  void queryClient.invalidateQueries({ queryKey: ticketKeys.lists });
}
