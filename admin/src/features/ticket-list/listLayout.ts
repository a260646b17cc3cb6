import { useCallback, useSyncExternalStore } from "react";
import { keep, readKept } from "@/api/kept";

/** Columns that may be hidden, in their order; those that name the ticket always stay. */
export const OPTIONAL_COLUMNS = {
  linked: "Linked to",
  owner: "Owner",
  status: "Status",
  sla: "SLA",
  tags: "Tags",
  created: "Created",
  updated: "Updated",
} as const;

export type OptionalColumn = keyof typeof OPTIONAL_COLUMNS;
export type Density = "compact" | "relaxed";
export type ListLayout = { hidden: readonly OptionalColumn[]; density: Density };

export const DEFAULT_LAYOUT: ListLayout = { hidden: ["updated"], density: "compact" };

const KEY = "tickets.list-layout";
const listeners = new Set<() => void>();
let kept: { text: string | null; layout: ListLayout } | undefined;

/** How this browser's owner likes the list. */
export function useListLayout(): [ListLayout, (layout: ListLayout) => void] {
  const layout = useSyncExternalStore(subscribe, read);
  const change = useCallback((next: ListLayout) => {
    keep("local", KEY, JSON.stringify(next));
    for (const listener of listeners) {
      listener();
    }
  }, []);
  return [layout, change];
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

function read(): ListLayout {
  const text = readKept("local", KEY);
  if (kept?.text !== text) {
    kept = { text, layout: parse(text) };
  }
  return kept?.layout ?? DEFAULT_LAYOUT;
}

function parse(text: string | null): ListLayout {
  try {
    const { hidden, density } = JSON.parse(text ?? "{}") as Partial<ListLayout>;
    return {
      hidden: Array.isArray(hidden) ? hidden.filter((each) => each in OPTIONAL_COLUMNS) : DEFAULT_LAYOUT.hidden,
      density: density === "relaxed" ? "relaxed" : "compact",
    };
  } catch {
    return DEFAULT_LAYOUT;
  }
}
