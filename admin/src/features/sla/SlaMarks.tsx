import { Tooltip } from "antd";
import type { SlaExplanation } from "@/api/schemas";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { PRIORITIES, type Tone, wordOf } from "@/vocabulary/tickets";
import { preciseDateTime } from "@/vocabulary/time";
import "./explanation.css";

/** Marks nearer to each other than this share of the drawing stand side by side over one line. */
const LEAST_DISTANCE = 0.02;

export type Mark = { at: number; shape: "due" | "escalation" | "priority" | "response"; words: string };

/** The marks over a drawing of the time between two instants. */
export function SlaMarks({ marks, from, to }: { marks: readonly Mark[]; from: number; to: number }) {
  const { scheme } = useScheme();
  return together(marks, (to - from) * LEAST_DISTANCE).map((group) => {
    const [{ at, shape }] = group as [Mark];
    return (
      <Tooltip key={at} title={<MarkWords marks={group} />}>
        <span
          className="sla-mark"
          style={{
            insetInlineStart: `${(100 * (at - from)) / (to - from)}%`,
            color: TONES[scheme][MARKS[shape].tone].text,
          }}
        >
          <span className="sla-mark-signs">
            {[...new Set(group.map((mark) => mark.shape))].map((each) => (
              <span key={each} style={{ color: TONES[scheme][MARKS[each].tone].text }}>
                {MARKS[each].sign}
              </span>
            ))}
          </span>
        </span>
      </Tooltip>
    );
  });
}

function MarkWords({ marks }: { marks: readonly Mark[] }) {
  return marks.map(({ at, shape, words }) => (
    <div key={`${shape}-${at}`}>
      {words}, {preciseDateTime(new Date(at).toISOString())}
    </div>
  ));
}

/** Marks by their time; those that would lie over each other, up to so many milliseconds after a first one, as one. */
function together(marks: readonly Mark[], within: number): Mark[][] {
  const groups: Mark[][] = [];
  for (const mark of [...marks].sort((one, other) => one.at - other.at)) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && mark.at - last[0].at < within) {
      last.push(mark);
    } else {
      groups.push([mark]);
    }
  }
  return groups;
}

export const MARKS: Readonly<Record<Mark["shape"], { sign: string; tone: Tone; label: string }>> = {
  due: { sign: "⚑", tone: "danger", label: "Deadline" },
  response: { sign: "✉", tone: "info", label: "First response due" },
  escalation: { sign: "▲", tone: "danger", label: "Escalation" },
  priority: { sign: "◆", tone: "warning", label: "Priority" },
};

export function marksOf({ slaDueAt, firstResponseDueAt, escalations, priorityChanges }: SlaExplanation): Mark[] {
  const marks: (Mark | null)[] = [
    slaDueAt ? { at: Date.parse(slaDueAt), shape: "due", words: "Deadline" } : null,
    firstResponseDueAt ? { at: Date.parse(firstResponseDueAt), shape: "response", words: "First response due" } : null,
    ...(escalations ?? []).map(({ escalatedAt, level }): Mark => {
      return { at: Date.parse(escalatedAt ?? ""), shape: "escalation", words: `Escalation to level ${level ?? 1}` };
    }),
    // The first one is the priority from creation.
    ...(priorityChanges ?? []).slice(1).map(({ changedAt, priority }): Mark => {
      return {
        at: Date.parse(changedAt ?? ""),
        shape: "priority",
        words: `${wordOf(PRIORITIES, priority).label} priority`,
      };
    }),
  ];
  return marks.filter((mark) => mark !== null);
}
