import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, unwrap } from "@/api/client";
import type { LinkedType, TermKind, TermSuggestion } from "@/api/schemas";

const TYPING_MS = 180;
const PREFIX_MAX = 100;

type Asked = { kind: TermKind; prefix: string; linkedType?: LinkedType | undefined };

function termsQuery({ kind, prefix, linkedType }: Asked) {
  return queryOptions({
    queryKey: ["terms", kind, linkedType ?? null, prefix],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/admin/tickets:suggestTerms", {
          params: { query: { kind, limit: 12, ...(prefix && { prefix }), ...(linkedType && { linkedType }) } },
          signal,
        }),
      ),
    staleTime: 60_000,
    // A field works without suggestions.
    retry: false,
  });
}

/** Terms that begin with what was typed, as tickets have them; asked for once a field is opened. */
export function useTerms(asked: Asked, enabled: boolean): { terms: readonly TermSuggestion[]; loading: boolean } {
  const prefix = useSettled(asked.prefix.trim().slice(0, PREFIX_MAX), TYPING_MS);
  const { data, isFetching } = useQuery({
    ...termsQuery({ ...asked, prefix }),
    enabled,
    placeholderData: keepPreviousData,
  });
  return { terms: data?.terms ?? [], loading: isFetching };
}

/** A value once it has not changed for so long. */
export function useSettled<Value>(value: Value, milliseconds: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
