import { useState } from "react";
import { keep as keepText, readKept } from "@/api/kept";

const KEY = "tickets.panel";
const NARROWEST = 480;
const USUAL = 720;

type Kept = { width: number; full: boolean };

/** How wide the panel is, kept in this browser. */
export function usePanelWidth() {
  const [kept, setKept] = useState<Kept>(stored);
  const keep = (change: Partial<Kept>) => {
    const next = { ...kept, ...change };
    keepText("local", KEY, JSON.stringify(next));
    setKept(next);
  };
  return {
    ...kept,
    resize: (width: number) => keep({ width: Math.max(NARROWEST, Math.round(width)) }),
    toggleFull: () => keep({ full: !kept.full }),
  };
}

function stored(): Kept {
  try {
    const { width, full } = JSON.parse(readKept("local", KEY) ?? "{}") as Partial<Kept>;
    return { width: typeof width === "number" && width >= NARROWEST ? width : USUAL, full: full === true };
  } catch {
    return { width: USUAL, full: false };
  }
}
