import { type RefObject, useEffect, useRef } from "react";
import { useLocation } from "react-router";
import { isNowhere } from "./useFocusReturn";

/**
 * For the heading of a page, with `tabIndex={-1}`: it takes the focus when one has come from another page, as nothing else
 * tells a screen reader that there is a new one, and the keys would go on in the navigation.
 */
export function usePageHeading(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useLocation().key === "default";
  const wasFirst = useRef(isFirst);
  useEffect(() => {
    if (!wasFirst.current && (isNowhere() || document.activeElement?.closest("nav"))) {
      heading.current?.focus({ preventScroll: true });
    }
  }, []);
  return heading;
}
