import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useSyncExternalStore } from "react";
import { ticketKeys } from "@/api/tickets";
import { isPending, type Upload, UploadQueue } from "./uploadQueue";
import { useFileRules } from "./useFileRules";

export type { Upload, UploadState } from "./uploadQueue";

export type Uploads = {
  uploads: readonly Upload[];
  /** Whether any is still under way. */
  busy: boolean;
  /** Files that the service does not accept are refused in the list, before anything of them is sent. */
  add(files: readonly File[], options?: { sensitive?: boolean }): void;
  cancel(key: string): void;
  retry(key: string): void;
  /** Takes it off the list; one that is under way is cancelled. */
  remove(key: string): void;
  /** Takes all that are done off the list. */
  clear(): void;
};

/** By ticket, so that uploads go on while another tab or another ticket is looked at. */
const queues = new WeakMap<QueryClient, Map<string, UploadQueue>>();

/** The files on their way to a ticket. All places that ask for the same ticket's see the same ones. */
export function useUploads(ticketId: string): Uploads {
  const queryClient = useQueryClient();
  const queue = queueOf(queryClient, ticketId);
  const uploads = useSyncExternalStore(queue.subscribe, queue.read);
  const busy = uploads.some(isPending);
  useEffect(() => {
    if (!busy) {
      return;
    }
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [busy]);
  const rules = useFileRules();
  const add: Uploads["add"] = useCallback((files, options) => queue.add(files, rules, options), [queue, rules]);
  const { cancel, retry, remove, clear } = queue;
  return { uploads, busy, add, cancel, retry, remove, clear };
}

function queueOf(queryClient: QueryClient, ticketId: string): UploadQueue {
  const ofClient = queues.get(queryClient) ?? new Map<string, UploadQueue>();
  queues.set(queryClient, ofClient);
  const existing = ofClient.get(ticketId);
  if (existing) {
    return existing;
  }
  const queue = new UploadQueue(ticketId, () => {
    void queryClient.invalidateQueries({
      queryKey: [...ticketKeys.ticket(ticketId), "attachments"],
      predicate: (query) => query.meta?.audited !== true,
    });
  });
  ofClient.set(ticketId, queue);
  return queue;
}
