import { type RefObject, useEffect, useRef, useState } from "react";

/** Text that is clamped by its style until `open`; `isLong` is whether there is more of it than is shown, or was. */
export function useFolding<Element extends HTMLElement>(): {
  ref: RefObject<Element | null>;
  open: boolean;
  isLong: boolean;
  toggle(): void;
} {
  const ref = useRef<Element>(null);
  const [open, setOpen] = useState(false);
  const [isCut, setCut] = useState(false);
  // Observed, since it may be drawn before it has a size, and the panel can be made wider.
  useEffect(() => {
    const element = ref.current;
    if (element === null || open) {
      return;
    }
    const observer = new ResizeObserver(() => setCut(element.scrollHeight > element.clientHeight + 1));
    observer.observe(element);
    return () => observer.disconnect();
  }, [open]);
  return { ref, open, isLong: isCut || open, toggle: () => setOpen(!open) };
}
