import { useEffect, useState } from "react";

/**
 * For a dialog that is taken away instead of being closed, which has no time to give the focus back: where the focus was
 * when this was first drawn it is again when this is gone, unless it has gone elsewhere.
 */
export function useFocusReturn(): void {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (opener instanceof HTMLElement && isNowhere()) {
        opener.focus({ preventScroll: true });
      }
    },
    [opener],
  );
}

/** Whether what had the focus is gone: the next Tab would begin at the top of the page. */
export function isNowhere(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
