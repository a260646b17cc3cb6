import { Tooltip } from "antd";
import { cloneElement, type ReactElement, type ReactNode, useEffect, useRef, useState } from "react";
import { hasHover } from "./hasHover";

const DELAY_MS = 300;

type Hoverable = { onPointerEnter?: () => void; onPointerLeave?: () => void };

/**
 * A tooltip that costs nothing before somebody points at its child, an element: a list has hundreds. What it says must
 * be no more than a convenience, as the keyboard does not reach it.
 */
export function HoverTip({ title, children }: { title: ReactNode; children: ReactElement<Hoverable> }) {
  const [wanted, setWanted] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  if (wanted) {
    return (
      <Tooltip title={title} defaultOpen mouseEnterDelay={DELAY_MS / 1000}>
        {children}
      </Tooltip>
    );
  }
  return cloneElement(children, {
    onPointerEnter: () => {
      if (hasHover()) {
        timer.current = setTimeout(() => setWanted(true), DELAY_MS);
      }
    },
    onPointerLeave: () => clearTimeout(timer.current),
  });
}
