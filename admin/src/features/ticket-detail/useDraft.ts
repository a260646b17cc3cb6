import { useState } from "react";
import { useCaller } from "@/api/caller";
import { keep, readKept } from "@/api/kept";

export type Draft = { text: string; isInternalNote: boolean };

const EMPTY: Draft = { text: "", isInternalNote: false };
const inPage = new Map<string, Draft>();

/**
 * What one has begun to write on a ticket, kept for this tab of the browser; on a sensitive one, as long as the page
 * alone: texts of its messages are protected.
 */
export function useDraft(ticketId: string, isSensitive: boolean): [Draft, (change: Partial<Draft>) => void] {
  const key = `tickets.draft.${useCaller().userId}.${ticketId}`;
  const [draft, setDraft] = useState<Draft>(() => inPage.get(key) ?? stored(key));
  const change = (given: Partial<Draft>) => {
    const next = { ...draft, ...given };
    setDraft(next);
    const isEmpty = next.text === "";
    if (isEmpty || !isSensitive) {
      inPage.delete(key);
    } else {
      inPage.set(key, next);
    }
    keep("session", key, isEmpty || isSensitive ? null : JSON.stringify(next));
  };
  return [draft, change];
}

function stored(key: string): Draft {
  try {
    const kept: unknown = JSON.parse(readKept("session", key) ?? "null");
    if (typeof kept === "object" && kept !== null && "text" in kept && typeof kept.text === "string") {
      return { text: kept.text, isInternalNote: "isInternalNote" in kept && kept.isInternalNote === true };
    }
  } catch {
    // What is no draft is none.
  }
  return EMPTY;
}
