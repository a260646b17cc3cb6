import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, unwrap } from "@/api/client";
import { ticketKeys } from "@/api/tickets";

const TYPING_MS = 150;
const MOST = 6;
/** A word of one letter matches nothing that one would look for. */
const LEAST_LETTERS = 2;

/** The best matches while somebody types. */
export function useSuggestions(typed: string, enabled: boolean) {
  const [query, setQuery] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setQuery(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const isAsked = enabled && query.length >= LEAST_LETTERS && typed.trim().length >= LEAST_LETTERS;
  const { data, isFetching } = useQuery({
    queryKey: [...ticketKeys.lists, "suggestions", query],
    queryFn: ({ signal }) => unwrap(api.POST("/admin/tickets:search", { body: { query, pageSize: MOST }, signal })),
    enabled: isAsked,
    staleTime: 30_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
  return { results: isAsked ? (data?.results ?? []) : [], isFetching: isAsked && isFetching };
}
