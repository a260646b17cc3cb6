import { type RefObject, useEffect, useRef, useState } from "react";

/**
 * Text that is clamped by its style until `open`; `isLong` is whether there is more of it than is shown, or was. It opens
 * by itself where the browser goes to what the fold hides: a link that gets the focus, or words that are looked for.
 */
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
    if (element === null) {
      return;
    }
    if (open) {
      // A link that the focus has unfolded comes into sight, now that it has its place.
      element.querySelector(":focus")?.scrollIntoView({ block: "nearest" });
      return;
    }
    const cut = () => element.scrollHeight > element.clientHeight + 1;
    const observer = new ResizeObserver(() => setCut(cut()));
    observer.observe(element);
    const unfold = () => {
      if (cut()) {
        element.scrollTop = 0;
        setOpen(true);
      }
    };
    element.addEventListener("scroll", unfold);
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", unfold);
    };
  }, [open]);
  return { ref, open, isLong: isCut || open, toggle: () => setOpen(!open) };
}
