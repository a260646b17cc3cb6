import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, newKey, once, unwrap } from "@/api/client";
import type { SavedView } from "@/api/schemas";

const KEY = ["saved-views"] as const;
const PAGE_SIZE = 200;

/** All views that the caller may use: their own, and shared ones. */
export const savedViewsQuery = queryOptions({
  queryKey: KEY,
  queryFn: async ({ signal }) => {
    const views: SavedView[] = [];
    let pageToken: string | undefined;
    do {
      const query = { pageSize: PAGE_SIZE, ...(pageToken && { pageToken }) };
      const page = await unwrap(api.GET("/admin/saved-views", { params: { query }, signal }));
      views.push(...(page.savedViews ?? []));
      pageToken = page.nextPageToken;
    } while (pageToken);
    return views;
  },
  staleTime: 60_000,
});

export type ViewChange = Pick<SavedView, "name" | "filter" | "orderBy" | "isShared">;
type Field = keyof ViewChange;

const MASKS: Readonly<Record<Field, string>> = {
  name: "name",
  filter: "filter",
  orderBy: "order_by",
  isShared: "is_shared",
};

/** Makes, changes and deletes views. A change is refused where somebody was faster: `isConflict` of its error. */
export function useViewChanges() {
  const queryClient = useQueryClient();
  const [key, setKey] = useState(newKey);
  const onSuccess = () => {
    setKey(newKey());
    return queryClient.invalidateQueries({ queryKey: KEY });
  };
  const onError = () => setKey(newKey());
  const create = useMutation({
    mutationFn: (view: ViewChange & { name: string }) =>
      unwrap(api.POST("/admin/saved-views", { body: view, params: { header: once(key) } })),
    onSuccess,
  });
  const update = useMutation({
    mutationFn: ({ view, change }: { view: SavedView; change: ViewChange }) =>
      unwrap(
        api.PATCH("/admin/saved-views/{id}", {
          body: change,
          params: {
            path: { id: view.id ?? "" },
            query: { updateMask: (Object.keys(change) as Field[]).map((field) => MASKS[field]).join(",") },
            header: { ...once(key), "If-Match": view.etag ?? "*" },
          },
        }),
      ),
    onSuccess,
    onError,
  });
  const remove = useMutation({
    mutationFn: (view: SavedView) =>
      unwrap(
        api.DELETE("/admin/saved-views/{id}", {
          params: { path: { id: view.id ?? "" }, header: { ...once(key), "If-Match": view.etag ?? "*" } },
        }),
      ),
    onSuccess,
    onError,
  });
  return { create, update, remove };
}

/** The view as it is now, for who was told that theirs is not. */
export async function freshView(queryClient: ReturnType<typeof useQueryClient>, id: string) {
  const views = await queryClient.fetchQuery({ ...savedViewsQuery, staleTime: 0 });
  return views.find((view) => view.id === id);
}
