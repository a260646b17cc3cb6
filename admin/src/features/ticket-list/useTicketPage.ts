import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { type ListRequest, pageQuery } from "./listQueries";
import { useKeyed } from "./useKeyed";

const IDLE_MS = 1_200;

/**
 * One page of the list and the way to those around it. Tokens lead forward alone, so those that led here are kept for
 * the way back; another request begins with its first page.
 */
export function useTicketPage(request: ListRequest, { pollMs }: { pollMs: number | false }) {
  const queryClient = useQueryClient();
  const [tokens, setTokens] = useKeyed<readonly string[]>(JSON.stringify(request), FIRST);
  const token = tokens.at(-1) ?? "";
  const options = pageQuery(request, token);
  const result = useQuery({ ...options, refetchInterval: pollMs });
  const next = result.isPlaceholderData ? "" : (result.data?.nextPageToken ?? "");

  const prefetchNext = useCallback(() => {
    if (next) {
      void queryClient.prefetchQuery(pageQuery(request, next));
    }
  }, [queryClient, request, next]);
  useEffect(() => {
    const timer = setTimeout(prefetchNext, IDLE_MS);
    return () => clearTimeout(timer);
  }, [prefetchNext]);

  return {
    result,
    queryKey: options.queryKey,
    token,
    number: tokens.length,
    isFirst: tokens.length === 1,
    hasNext: next !== "",
    prefetchNext,
    goNext: () => next && setTokens([...tokens, next]),
    goBack: () => setTokens(tokens.length > 1 ? tokens.slice(0, -1) : FIRST),
    goFirst: () => setTokens(FIRST),
  };
}

const FIRST: readonly string[] = [""];

export type TicketPager = ReturnType<typeof useTicketPage>;
