import { Button } from "antd";
import { LinkedText } from "./LinkedText";
import { useFolding } from "./useFolding";

/** Plain text as it was written, lines and spaces kept, its links to follow; what is longer than so many lines is folded. */
export function FoldedText({ text, lines }: { text: string; lines: number }) {
  const { ref, open, isLong, toggle } = useFolding<HTMLDivElement>();
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
      {isLong && (
        <Button type="link" size="small" className="fold-button" aria-expanded={open} onClick={toggle}>
          {open ? "Show less" : "Show all"}
        </Button>
      )}
    </div>
  );
}
