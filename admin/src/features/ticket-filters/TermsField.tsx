import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useDeferredValue, useState } from "react";
import { api, unwrap } from "@/api/client";
import type { Schemas } from "@/api/schemas";

const MOST_VALUES = 100;

/** Several tags or franchises, with those in use to choose from; others may be typed. */
export function TermsField({
  id,
  value,
  onChange,
  kind,
  placeholder,
}: {
  id?: string;
  value?: string[] | undefined;
  onChange?: (value: string[]) => void;
  kind: Exclude<Schemas["TermKind"], "TERM_KIND_UNSPECIFIED" | "TERM_KIND_LINKED_ID">;
  placeholder?: string;
}) {
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const prefix = useDeferredValue(typed.trim());
  const { data } = useQuery({
    queryKey: ["terms", kind, prefix],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/admin/tickets:suggestTerms", { params: { query: { kind, prefix } }, signal })),
    enabled: open,
    staleTime: 5 * 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
  return (
    <Select
      {...(id !== undefined && { id })}
      mode="tags"
      allowClear
      value={value ?? []}
      onChange={(next: string[]) => onChange?.(next.map((term) => term.trim()).filter(Boolean))}
      showSearch={{ onSearch: setTyped, searchValue: typed }}
      onOpenChange={setOpen}
      maxCount={MOST_VALUES}
      placeholder={placeholder}
      options={(data?.terms ?? []).map(({ term = "" }) => ({ value: term, label: term }))}
    />
  );
}
