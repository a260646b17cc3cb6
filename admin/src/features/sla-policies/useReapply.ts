import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, newKey, once, unwrap } from "@/api/client";
import type { BulkResult, TicketFilter } from "@/api/schemas";
import { ticketKeys } from "@/api/tickets";
import { OPEN_STATUSES } from "@/vocabulary/tickets";
import type { KnownPriority } from "./slaPolicies";

/** Tickets of one call. The API takes 500; a page of the list has 200 at most. */
const BATCH = 200;

export type Run = {
  phase: "idle" | "checking" | "checked" | "applying" | "done" | "stopped" | "failed";
  /** Whether it only asks. */
  validateOnly: boolean;
  /** How many tickets were looked at. */
  done: number;
  /** How many there are; a ticket that comes or goes meanwhile is not counted anew. */
  total: number;
  isTotalCapped: boolean;
  succeeded: number;
  failures: BulkResult[];
  error: unknown;
};

const IDLE: Run = {
  phase: "idle",
  validateOnly: true,
  done: 0,
  total: 0,
  isTotalCapped: false,
  succeeded: 0,
  failures: [],
  error: null,
};

/**
 * Applies the newest policy to the open tickets of a priority, page by page, oldest first; or only asks what would
 * become of them. It goes on while the component is shown. Stopping it leaves what is done done; beginning again is
 * harmless.
 */
export function useReapply(priority: KnownPriority) {
  const [run, setRun] = useState<Run>(IDLE);
  const queryClient = useQueryClient();
  const controller = useRef<AbortController | null>(null);
  const isStopping = useRef(false);
  useEffect(() => () => controller.current?.abort(), []);

  const start = async (reason: string, validateOnly: boolean) => {
    const mine = new AbortController();
    controller.current?.abort();
    controller.current = mine;
    isStopping.current = false;
    const { signal } = mine;
    let now: Run = { ...IDLE, validateOnly, phase: validateOnly ? "checking" : "applying" };
    setRun(now);
    try {
      let pageToken: string | undefined;
      do {
        const page = await pageOf(priority, pageToken, signal);
        const ids = page.ids;
        const results = ids.length === 0 ? [] : await reapply(ids, reason, validateOnly, signal);
        signal.throwIfAborted();
        const failures = results.filter(({ error }) => error !== undefined);
        now = {
          ...now,
          done: now.done + ids.length,
          total: Math.max(now.total, page.total ?? 0, now.done + ids.length),
          isTotalCapped: page.isCapped ?? now.isTotalCapped,
          succeeded: now.succeeded + results.length - failures.length,
          failures: [...now.failures, ...failures],
        };
        setRun(now);
        pageToken = page.next;
      } while (pageToken && !isStopping.current);
      setRun({ ...now, phase: pageToken ? "stopped" : validateOnly ? "checked" : "done" });
    } catch (error) {
      if (!signal.aborted) {
        setRun({ ...now, phase: "failed", error });
      }
    } finally {
      if (!validateOnly) {
        void queryClient.invalidateQueries({ queryKey: ticketKeys.lists });
        void queryClient.invalidateQueries({ queryKey: ["ticket"] });
      }
    }
  };

  return {
    run,
    check: (reason: string) => void start(reason, true),
    apply: (reason: string) => void start(reason, false),
    /** Ends it after the page that is under way, so that what was done is known. */
    stop: () => {
      isStopping.current = true;
    },
  };
}

async function pageOf(priority: KnownPriority, pageToken: string | undefined, signal: AbortSignal) {
  const filter: TicketFilter = { priorities: [priority], statuses: OPEN_STATUSES };
  const page = await unwrap(
    api.POST("/admin/tickets:list", {
      body: {
        filter,
        pageSize: BATCH,
        orderBy: "created_at asc",
        // A page's token holds for the same arguments only.
        includeTotal: true,
        ...(pageToken !== undefined && { pageToken }),
      },
      signal,
    }),
  );
  return {
    ids: (page.tickets ?? []).map(({ id }) => id ?? ""),
    next: page.nextPageToken,
    total: page.totalSize === undefined ? undefined : Number(page.totalSize),
    isCapped: page.totalSizeCapped,
  };
}

async function reapply(ids: string[], reason: string, validateOnly: boolean, signal: AbortSignal) {
  const answer = await unwrap(
    api.POST("/admin/tickets/bulk", {
      params: { header: once(newKey()) },
      body: { ids, reapplySla: {}, reason, validateOnly },
      signal,
    }),
  );
  return answer.results ?? [];
}
