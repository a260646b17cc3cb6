import { useState } from "react";

export type Draft = { text: string; isInternalNote: boolean };

const EMPTY: Draft = { text: "", isInternalNote: false };

/** What one has begun to write on a ticket, kept for this tab of the browser. */
export function useDraft(ticketId: string): [Draft, (change: Partial<Draft>) => void] {
  const key = `tickets.draft.${ticketId}`;
  const [draft, setDraft] = useState<Draft>(() => stored(key));
  const change = (given: Partial<Draft>) => {
    const next = { ...draft, ...given };
    setDraft(next);
    if (next.text === "") {
      sessionStorage.removeItem(key);
    } else {
      sessionStorage.setItem(key, JSON.stringify(next));
    }
  };
  return [draft, change];
}

function stored(key: string): Draft {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? "null");
    if (typeof kept === "object" && kept !== null && "text" in kept && typeof kept.text === "string") {
      return { text: kept.text, isInternalNote: "isInternalNote" in kept && kept.isInternalNote === true };
    }
  } catch {
    // What is no draft is none.
  }
  return EMPTY;
}
