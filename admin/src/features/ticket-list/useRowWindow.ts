import { type RefObject, startTransition, useEffect, useState } from "react";

/** About what fits on a large screen. */
const AT_ONCE = 24;
/** More than any page of the API has; what the list never comes to, and whoever uses the table elsewhere may. */
const MOST_DRAWN = 250;
const MARGIN_ROWS = 12;

/**
 * Which rows to draw. Those at the top first, since people wait for them, and the others without holding anything up.
 * Of very many only those near what is in sight; then rows must be of one height.
 */
export function useRowWindow<Row>(rows: readonly Row[], frame: RefObject<HTMLElement | null>, rowHeight: number) {
  const isWindowed = rows.length > MOST_DRAWN;
  const [complete, setComplete] = useState<readonly Row[]>();
  const [first, setFirst] = useState(0);
  // Rows that only changed, or one more on top, are the same list: what is drawn stays drawn.
  const isKnown = complete !== undefined && shares(complete, rows);

  useEffect(() => {
    startTransition(() => setComplete(rows));
  }, [rows]);

  useEffect(() => {
    if (!isWindowed) {
      return;
    }
    const look = () => {
      const top = frame.current?.getBoundingClientRect().top ?? 0;
      const inSight = Math.floor(Math.max(0, -top) / rowHeight);
      setFirst(Math.max(0, inSight - (inSight % MARGIN_ROWS) - MARGIN_ROWS));
    };
    look();
    // Scrolling of anything around it is told on the way down.
    window.addEventListener("scroll", look, { capture: true, passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look, { capture: true });
      window.removeEventListener("resize", look);
    };
  }, [isWindowed, frame, rowHeight]);

  if (isWindowed) {
    const start = Math.min(first, rows.length);
    const end = Math.min(rows.length, start + Math.ceil(window.innerHeight / rowHeight) + 3 * MARGIN_ROWS);
    return {
      shown: rows.slice(start, end),
      first: start,
      before: start * rowHeight,
      after: (rows.length - end) * rowHeight,
    };
  }
  return { shown: isKnown ? rows : rows.slice(0, AT_ONCE), first: 0, before: 0, after: 0 };
}

function shares<Row>(one: readonly Row[], other: readonly Row[]): boolean {
  const held = new Set(one);
  let shared = 0;
  for (const each of other) {
    shared += held.has(each) ? 1 : 0;
  }
  return shared * 2 > other.length;
}
