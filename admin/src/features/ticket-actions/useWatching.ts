import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useCaller } from "@/api/caller";
import { api, newKey, once, unwrap } from "@/api/client";
import { messageOf } from "@/api/errors";
import type { Schemas } from "@/api/schemas";
import { ticketKeys, watchersQuery } from "@/api/tickets";

type Watchers = Schemas["ListWatchersResponse"];

/** Whether the caller watches a ticket, and a switch that shows its effect at once and takes it back when refused. */
export function useWatching(ticketId: string, enabled: boolean) {
  const queryClient = useQueryClient();
  const { message } = App.useApp();
  const { userId = "" } = useCaller();
  const query = watchersQuery(ticketId);
  const { data } = useQuery({ ...query, enabled });
  const watching = data?.watchers?.some((each) => each.userId === userId) ?? false;
  const { mutate, isPending } = useMutation({
    mutationFn: ({ next, key }: { next: boolean; key: string }) =>
      unwrap(
        api.POST("/admin/tickets/{ticketId}/watch", {
          params: { path: { ticketId }, header: once(key) },
          body: { watching: next },
        }),
      ),
    async onMutate({ next }) {
      await queryClient.cancelQueries({ queryKey: query.queryKey });
      const before = queryClient.getQueryData(query.queryKey);
      queryClient.setQueryData(query.queryKey, (cached): Watchers => {
        const others = cached?.watchers?.filter((each) => each.userId !== userId) ?? [];
        return { ...cached, watchers: next ? [...others, { ticketId, userId }] : others };
      });
      return { before };
    },
    onError(error, { next }, context) {
      queryClient.setQueryData(query.queryKey, context?.before);
      void message.error(`${next ? "Watching did not begin" : "Watching did not end"}: ${messageOf(error)}`);
    },
    onSettled() {
      void queryClient.invalidateQueries({ queryKey: query.queryKey });
      void queryClient.invalidateQueries({ queryKey: ticketKeys.lists });
    },
  });
  return {
    watching,
    known: data !== undefined,
    toggle: () => {
      if (data !== undefined && !isPending) {
        mutate({ next: !watching, key: newKey() });
      }
    },
  };
}
