import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { LinkedText } from "./LinkedText";

/** Plain text as it was written, lines and spaces kept, its links to follow; what is longer than so many lines is folded. */
export function FoldedText({ text, lines }: { text: string; lines: number }) {
  const ref = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [isLong, setLong] = useState(false);
  // Observed, since it may be drawn before it has a size, and the panel can be made wider.
  useEffect(() => {
    const element = ref.current;
    if (element === null || open) {
      return;
    }
    const observer = new ResizeObserver(() => setLong(element.scrollHeight > element.clientHeight + 1));
    observer.observe(element);
    return () => observer.disconnect();
  }, [open]);
  return (
    <div>
      <div
        ref={ref}
        dir="auto"
        className={open ? "plain-text" : "plain-text plain-text-folded"}
        style={open ? undefined : { WebkitLineClamp: lines }}
      >
        <LinkedText text={text} />
      </div>
      {(isLong || open) && (
        <Button type="link" size="small" className="fold-button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Show less" : "Show all"}
        </Button>
      )}
    </div>
  );
}
