import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, once, unwrap } from "@/api/client";
import { ApiError, Unreachable } from "@/api/errors";
import type { TicketFilter } from "@/api/schemas";
import { ticketKeys } from "@/api/tickets";
import type { BulkRequest } from "./bulkChange";

const RETRIES = 2;

/** What would become of each ticket; nothing is changed. */
export function useBulkCheck() {
  return useMutation({
    mutationFn: (body: BulkRequest) =>
      unwrap(api.POST("/admin/tickets/bulk", { body: { ...body, validateOnly: true } })),
  });
}

/**
 * The change itself. Where there was no answer it is sent again with its key, so that no ticket is changed twice; the
 * same key goes along when a person tries again.
 */
export function useBulkRun() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ body, key }: { body: BulkRequest; key: string }) =>
      unwrap(api.POST("/admin/tickets/bulk", { headers: once(key), body: { ...body, validateOnly: false } })),
    retry: (failures, error) => failures < RETRIES && mayHaveHappened(error),
    onSuccess({ results = [] }) {
      for (const { ticketId, error } of results) {
        if (ticketId && !error) {
          void queryClient.invalidateQueries({ queryKey: ticketKeys.ticket(ticketId) });
        }
      }
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ticketKeys.lists }),
  });
}

/** Whether the change may have been made although nobody said so. */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiError && error.isTemporary);
}

/** How many tickets match; below the lists, so that what changes those changes it too. */
export function matchingCountQuery(filter: TicketFilter) {
  return queryOptions({
    queryKey: [...ticketKeys.lists, "count", filter],
    queryFn: async ({ signal }) => {
      const { totalSize = "0", totalSizeCapped = false } = await unwrap(
        api.POST("/admin/tickets:list", { body: { filter, pageSize: 1, includeTotal: true }, signal }),
      );
      return { total: Number(totalSize), isCapped: totalSizeCapped };
    },
  });
}
