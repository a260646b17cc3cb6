import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { api, newKey, once, unwrap } from "@/api/client";
import { messageOf } from "@/api/errors";
import type { ExportJob, Schemas, TicketFilter } from "@/api/schemas";
import { isRunning } from "./progress";

type ExportFormat = Schemas["ExportFormat"];
type ExportStatus = Schemas["ExportStatus"];

const KEY = ["exports"] as const;
const POLL_MS = 1_000;
const LIST_POLL_MS = 2_000;
const PAGE_SIZE = 25;

/** One job, asked for each second while it is waiting or written. */
export function exportJobQuery(id: string) {
  return queryOptions({
    queryKey: [...KEY, "job", id],
    queryFn: ({ signal }): Promise<ExportJob> =>
      unwrap(api.GET("/admin/exports/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data === undefined || isRunning(state.data) ? POLL_MS : false),
  });
}

/** The caller's jobs, and everybody's for an admin, page by page; live while one of those shown is running. */
export function exportJobsQuery(statuses: readonly ExportStatus[]) {
  return infiniteQueryOptions({
    queryKey: [...KEY, "list", statuses],
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        api.GET("/admin/exports", {
          params: {
            query: { statuses: [...statuses], pageSize: PAGE_SIZE, ...(pageParam && { pageToken: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.exportJobs?.some(isRunning)) ? LIST_POLL_MS : false,
  });
}

/** How many tickets a filter matches now, before they are exported. */
export function exportCountQuery(filter: TicketFilter) {
  return queryOptions({
    queryKey: [...KEY, "count", filter],
    queryFn: async ({ signal }) => {
      const { totalSize = "0", totalSizeCapped = false } = await unwrap(
        api.POST("/admin/tickets:list", { body: { filter, pageSize: 1, includeTotal: true }, signal }),
      );
      return { total: Number(totalSize), isCapped: totalSizeCapped };
    },
  });
}

export type ExportChoice = { format: ExportFormat; includeMessages: boolean };

/** Has a file made. */
export function useCreateExport(filter: TicketFilter) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ choice, key }: { choice: ExportChoice; key: string }) =>
      unwrap(api.POST("/admin/tickets/export", { headers: once(key), body: { filter, ...choice } })),
    onSuccess(job) {
      queryClient.setQueryData(exportJobQuery(job.id ?? "").queryKey, job);
      void queryClient.invalidateQueries({ queryKey: [...KEY, "list"] });
    },
  });
}

/** Gives a job up. One that has ended meanwhile is shown as it is then. */
export function useCancelExport() {
  const queryClient = useQueryClient();
  const { message } = App.useApp();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(api.POST("/admin/exports/{id}/cancel", { params: { path: { id } }, headers: once(newKey()), body: {} })),
    onSuccess: (job) => queryClient.setQueryData(exportJobQuery(job.id ?? "").queryKey, job),
    onError: (error) => void message.error(messageOf(error)),
    onSettled: () => queryClient.invalidateQueries({ queryKey: KEY }),
  });
}

/**
 * Gets the file. Its address is asked for at the press, since it works for five minutes only, and is kept nowhere.
 */
export function useDownloadExport() {
  const queryClient = useQueryClient();
  const { message } = App.useApp();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.GET("/admin/exports/{id}", { params: { path: { id } } })),
    onSuccess(job) {
      queryClient.setQueryData(exportJobQuery(job.id ?? "").queryKey, job);
      if (job.download?.url) {
        follow(job.download.url);
      } else {
        void message.warning("The file is not there any more.");
        void queryClient.invalidateQueries({ queryKey: [...KEY, "list"] });
      }
    },
    onError: (error) => void message.error(messageOf(error)),
  });
}

/** The store answers with the file as an attachment, so the page stays. */
function follow(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.rel = "noopener noreferrer";
  link.download = "";
  link.click();
}
