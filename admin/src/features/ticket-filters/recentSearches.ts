import { useCallback, useState } from "react";
import { keep as keepText, readKept } from "@/api/kept";

const MOST = 6;

/** What this person searched for last in this browser, newest first. */
export function useRecentSearches(userId: string): [readonly string[], (query: string) => void, () => void] {
  const key = `tickets.recent-searches.${userId}`;
  const [recent, setRecent] = useState(() => read(key));
  const keep = useCallback(
    (next: readonly string[]) => {
      keepText("local", key, JSON.stringify(next));
      setRecent(next);
    },
    [key],
  );
  const add = useCallback(
    (query: string) => keep([query, ...read(key).filter((each) => each !== query)].slice(0, MOST)),
    [key, keep],
  );
  const forget = useCallback(() => keep([]), [keep]);
  return [recent, add, forget];
}

function read(key: string): readonly string[] {
  try {
    const kept: unknown = JSON.parse(readKept("local", key) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}
