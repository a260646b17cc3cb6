import { infiniteQueryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "@/api/client";
import type { Schemas, Webhook } from "@/api/schemas";

export type DeliveryStatus = Schemas["WebhookDeliveryStatus"];

const KEY = ["webhooks"] as const;
const WEBHOOKS_PAGE = 200;
const DELIVERIES_PAGE = 25;
const POLL_MS = 5_000;

/** All webhooks, oldest first; there may be 200 of them. */
export const webhooksQuery = infiniteQueryOptions({
  queryKey: [...KEY, "list"],
  queryFn: ({ signal, pageParam }) =>
    unwrap(
      api.GET("/admin/webhooks", {
        params: { query: { pageSize: WEBHOOKS_PAGE, ...(pageParam && { pageToken: pageParam }) } },
        signal,
      }),
    ),
  initialPageParam: "",
  getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
});

/** What was sent to a webhook, newest first; live while something of it is on its way. */
export function deliveriesQuery(webhookId: string, statuses: readonly DeliveryStatus[]) {
  return infiniteQueryOptions({
    queryKey: [...KEY, "deliveries", webhookId, statuses],
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        api.GET("/admin/webhooks/{webhookId}/deliveries", {
          params: {
            path: { webhookId },
            query: { statuses: [...statuses], pageSize: DELIVERIES_PAGE, ...(pageParam && { pageToken: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.deliveries?.some(({ status }) => status === PENDING)) ? POLL_MS : false,
  });
}

const PENDING: DeliveryStatus = "WEBHOOK_DELIVERY_STATUS_PENDING";

export type WebhookUpdate = {
  webhook: Webhook;
  /** Names of fields, in the contract's spelling. */
  mask: readonly string[];
  rotateSecret?: boolean;
  key: string;
};

/** Changes that leave the lists to be asked for again. An answer may hold a secret, which is kept in no cache. */
export function useWebhookChanges() {
  const queryClient = useQueryClient();
  const onSettled = () => queryClient.invalidateQueries({ queryKey: KEY });
  const create = useMutation({
    gcTime: 0,
    mutationFn: ({ webhook, key }: { webhook: Webhook; key: string }) =>
      unwrap(
        api.POST("/admin/webhooks", {
          headers: once(key),
          body: { ...webhook, displayName: webhook.displayName ?? "", url: webhook.url ?? "" },
        }),
      ),
    onSettled,
  });
  const update = useMutation({
    gcTime: 0,
    mutationFn: ({ webhook, mask, rotateSecret = false, key }: WebhookUpdate) =>
      unwrap(
        api.PATCH("/admin/webhooks/{id}", {
          params: {
            path: { id: webhook.id ?? "" },
            query: { updateMask: mask.join(","), ...(rotateSecret && { rotateSecret }) },
            header: { ...once(key), ...(webhook.etag && { "If-Match": webhook.etag }) },
          },
          body: fieldsOf(webhook),
        }),
      ),
    onSettled,
  });
  const remove = useMutation({
    mutationFn: ({ id = "", etag }: Webhook) =>
      unwrap(
        api.DELETE("/admin/webhooks/{id}", {
          params: { path: { id }, header: { ...once(newKey()), ...(etag && { "If-Match": etag }) } },
        }),
      ),
    onSettled,
  });
  return { create, update, remove };
}

/** Sends a delivery again, with all its retries. */
export function useRedeliver(webhookId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (deliveryId: string) =>
      unwrap(
        api.POST("/admin/webhooks/{webhookId}/deliveries/{deliveryId}/redeliver", {
          params: { path: { webhookId, deliveryId } },
          headers: once(newKey()),
          body: {},
        }),
      ),
    onSettled: () => queryClient.invalidateQueries({ queryKey: [...KEY, "deliveries", webhookId] }),
  });
}

/** What a change may set; the rest is the server's. */
function fieldsOf({ displayName, url, eventTypes, filter, enabled }: Webhook): Webhook {
  return {
    ...(displayName !== undefined && { displayName }),
    ...(url !== undefined && { url }),
    ...(eventTypes !== undefined && { eventTypes }),
    ...(filter !== undefined && { filter }),
    ...(enabled !== undefined && { enabled }),
  };
}
