import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { ticketKeys } from "@/api/tickets";

const PAGE_SIZE = 100;

/** The files of a ticket, oldest first. With a reason those of sensitive ones come with their names, which is audited. */
export function attachmentsQuery(ticketId: string, accessReason?: string) {
  const revealed = accessReason !== undefined;
  return infiniteQueryOptions({
    queryKey: [...ticketKeys.ticket(ticketId), "attachments", accessReason ?? null],
    queryFn: ({ pageParam, signal }) => {
      const page = { pageSize: PAGE_SIZE, ...(pageParam && { pageToken: pageParam }) };
      const path = { ticketId };
      return unwrap(
        revealed
          ? api.POST("/admin/tickets/{ticketId}/attachments:view", {
              params: { path },
              body: { ...page, accessReason },
              signal,
            })
          : api.GET("/admin/tickets/{ticketId}/attachments", { params: { path, query: page }, signal }),
      );
    },
    initialPageParam: "",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    ...(revealed && {
      meta: { audited: true },
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    }),
  });
}
