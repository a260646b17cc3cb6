import { useEffect, useRef } from "react";
import { isNowhere } from "@/ui/useFocusReturn";

/** When a ticket is closed the focus is on its row, also where another one had been opened; without a row, on the page. */
export function useReturnToRow(openId: string | undefined): void {
  const before = useRef(openId);
  useEffect(() => {
    const closed = before.current;
    before.current = openId;
    if (closed !== undefined && openId === undefined && isNowhere()) {
      const row = document.querySelector(`[data-ticket-id="${CSS.escape(closed)}"]`);
      (row?.querySelector<HTMLElement>("a") ?? document.getElementById("content"))?.focus();
    }
  }, [openId]);
}
