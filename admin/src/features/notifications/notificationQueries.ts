import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryClient,
  type QueryKey,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { App } from "antd";
import { api, newKey, once, unwrap } from "@/api/client";
import { messageOf } from "@/api/errors";
import { type Marking, markedRead, markedReadPages, type NotificationPage } from "./inbox";

const KEY = ["notifications"] as const;
const PAGE_SIZE = 30;
/** More than the bell shows, so that a critical one among many at once is still noticed. */
const LATEST = 25;
const POLL_MS = 20_000;

/** The newest, with the count of the unread: asked for again and again while the page is looked at. */
export const latestNotificationsQuery = queryOptions({
  queryKey: [...KEY, "latest"],
  queryFn: ({ signal }): Promise<NotificationPage> =>
    unwrap(api.GET("/admin/notifications", { params: { query: { pageSize: LATEST } }, signal })),
  refetchInterval: POLL_MS,
  refetchOnWindowFocus: "always",
});

/** All of them, or the unread, page by page. */
export function notificationsQuery(unreadOnly: boolean) {
  return infiniteQueryOptions({
    queryKey: [...KEY, "pages", unreadOnly],
    queryFn: ({ signal, pageParam }): Promise<NotificationPage> =>
      unwrap(
        api.GET("/admin/notifications", {
          params: { query: { pageSize: PAGE_SIZE, unreadOnly, ...(pageParam && { pageToken: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
  });
}

/** Marks as read, at once on the screen; when it is refused, all is as before and that is said. */
export function useMarkRead() {
  const queryClient = useQueryClient();
  const { message } = App.useApp();
  return useMutation({
    // One press is one change: its key is made with it, and goes along if it is sent again.
    mutationFn: ({ marking, key }: { marking: Marking; key: string }) =>
      unwrap(api.POST("/admin/notifications/read", { headers: once(key), body: marking })),
    async onMutate({ marking }) {
      await queryClient.cancelQueries({ queryKey: KEY });
      const before = queryClient.getQueriesData({ queryKey: KEY });
      markCached(queryClient, marking, new Date().toISOString());
      return before;
    },
    onError(error, _, before) {
      restore(queryClient, before ?? []);
      void message.error(`Not marked as read. ${messageOf(error)}`);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: KEY }),
  });
}

/** What `useMarkRead().mutate` takes. */
export function marking(which: Marking): { marking: Marking; key: string } {
  return { marking: which, key: newKey() };
}

function markCached(queryClient: QueryClient, which: Marking, now: string): void {
  queryClient.setQueryData(latestNotificationsQuery.queryKey, (page) => page && markedRead(page, which, now));
  queryClient.setQueriesData<InfiniteData<NotificationPage, string>>(
    { queryKey: [...KEY, "pages"] },
    (data) => data && markedReadPages(data, which, now),
  );
}

function restore(queryClient: QueryClient, before: readonly [QueryKey, unknown][]): void {
  for (const [key, data] of before) {
    queryClient.setQueryData(key, data);
  }
}
