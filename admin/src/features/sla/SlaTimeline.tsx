import { Tooltip } from "antd";
import type { ReactNode } from "react";
import type { SlaExplanation } from "@/api/schemas";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { STATUSES, wordOf } from "@/vocabulary/tickets";
import { preciseDateTime } from "@/vocabulary/time";
import { MARKS, type Mark, marksOf, SlaMarks } from "./SlaMarks";
import { hoursWords, INTERVAL_KINDS, type IntervalKind } from "./slaExplanation";
import { type Segment, segmentsOf, ticksOf } from "./slaSegments";
import "./sla.css";
import "./explanation.css";

/** Labels nearer to an edge than that, in percent, would be cut. */
const EDGE = 5;
/** The least share of the drawing that a piece of it takes. */
const LEAST_SHARE = 0.003;

/**
 * What the clock did and which state the ticket was in, from left to right, with deadlines, escalations and changes of
 * priority. A picture: the same stands in the tables below it, which readers of the screen get.
 */
export function SlaTimeline({ explanation, from, to }: { explanation: SlaExplanation; from: number; to: number }) {
  const { scheme } = useScheme();
  const place = (instant: number) => (100 * (instant - from)) / (to - from);
  const segments = segmentsOf(explanation.intervals ?? [], from, to, (to - from) * LEAST_SHARE);
  const marks = marksOf(explanation).filter(({ at }) => at >= from && at <= to);
  return (
    <div>
      <div className="sla-lanes" role="img" aria-label="Timeline of the clock; the table of intervals says the same">
        <Lane name="Clock">
          {segments.map((segment) => (
            <Piece
              key={segment.start}
              segment={segment}
              place={place}
              background={backgroundOf(segment, TONES[scheme])}
              hatched={segment.count === 1 && segment.kind === "SLA_INTERVAL_KIND_PAUSED"}
            />
          ))}
        </Lane>
        <Lane name="State">
          {statesOf(segments).map((segment) => (
            <Piece
              key={segment.start}
              segment={segment}
              place={place}
              background={TONES[scheme][wordOf(STATUSES, segment.status).tone].solid}
              isState
            />
          ))}
        </Lane>
        <SlaMarks marks={marks} from={from} to={to} />
      </div>
      <div className="sla-axis" aria-hidden>
        {ticksOf(from, to, 6)
          .filter((tick) => place(tick) > EDGE && place(tick) < 100 - EDGE)
          .map((tick) => (
            <span key={tick} style={{ insetInlineStart: `${place(tick)}%` }}>
              {tickWords(tick, to - from)}
            </span>
          ))}
      </div>
      <Legend
        kinds={new Set(segments.flatMap(({ parts }) => parts.map(([kind]) => kind)))}
        shapes={new Set(marks.map(({ shape }) => shape))}
      />
    </div>
  );
}

function Lane({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="sla-lane" data-lane={name}>
      {children}
    </div>
  );
}

function Piece({
  segment,
  place,
  background,
  hatched = false,
  isState = false,
}: {
  segment: Segment;
  place(instant: number): number;
  background: string;
  hatched?: boolean;
  isState?: boolean;
}) {
  const left = place(segment.start);
  return (
    <Tooltip title={<PieceWords segment={segment} isState={isState} />}>
      <div
        className={hatched ? "sla-piece sla-hatched" : "sla-piece"}
        style={{
          insetInlineStart: `${left}%`,
          width: `${place(segment.end) - left}%`,
          ...(segment.count > 1 && !isState ? { background } : { backgroundColor: background }),
        }}
      />
    </Tooltip>
  );
}

function PieceWords({ segment, isState }: { segment: Segment; isState: boolean }) {
  const state = wordOf(STATUSES, segment.status).label;
  return (
    <>
      <strong>
        {isState && state}
        {!isState && (segment.count > 1 ? `${segment.count} intervals` : `${kindName(segment.kind)} · ${state}`)}
      </strong>
      {segment.count > 1 && !isState ? (
        segment.parts.map(([kind, length]) => (
          <div key={kind}>
            {kindName(kind)} {hoursWords(length / 1000)}
          </div>
        ))
      ) : (
        <div>{hoursWords((segment.end - segment.start) / 1000)}</div>
      )}
      <div>{preciseDateTime(new Date(segment.start).toISOString())}</div>
      <div>to {preciseDateTime(new Date(segment.end).toISOString())}</div>
    </>
  );
}

function kindName(kind: IntervalKind): string {
  return wordOf(INTERVAL_KINDS, kind).label;
}

type Tones = (typeof TONES)["light"];

function colourOf(kind: IntervalKind, tones: Tones): string {
  const { tone } = wordOf(INTERVAL_KINDS, kind);
  return kind === "SLA_INTERVAL_KIND_CLOSED_HOURS" ? tones[tone].border : tones[tone].solid;
}

/** The colour of what the clock did; of several things, layers as high as their shares. */
function backgroundOf({ parts, start, end, kind }: Segment, tones: Tones): string {
  if (parts.length < 2) {
    return colourOf(kind, tones);
  }
  let height = 0;
  const layers = KINDS_UPWARD.flatMap((layer) => {
    const share = (100 * (parts.find(([each]) => each === layer)?.[1] ?? 0)) / (end - start);
    const from = height;
    height += share;
    return share > 0 ? [`${colourOf(layer, tones)} ${from}% ${height}%`] : [];
  });
  return `linear-gradient(to top, ${layers.join(", ")})`;
}

const KINDS_UPWARD = Object.keys(INTERVAL_KINDS) as IntervalKind[];

function statesOf(segments: readonly Segment[]): Segment[] {
  const states: Segment[] = [];
  for (const segment of segments) {
    const last = states.at(-1);
    if (last !== undefined && last.status === segment.status) {
      last.end = segment.end;
    } else {
      states.push({ ...segment });
    }
  }
  return states;
}

/** What is drawn, and no more. */
function Legend({ kinds, shapes }: { kinds: ReadonlySet<IntervalKind>; shapes: ReadonlySet<Mark["shape"]> }) {
  const { scheme } = useScheme();
  const entries = Object.entries(INTERVAL_KINDS) as [IntervalKind, { label: string }][];
  const marks = Object.entries(MARKS) as [Mark["shape"], (typeof MARKS)["due"]][];
  return (
    <div className="sla-legend" aria-hidden>
      <span>Upper bar: the clock, lower bar: the state</span>
      {entries
        .filter(([kind]) => kinds.has(kind))
        .map(([kind, { label }]) => (
          <span key={kind}>
            <i
              className={kind === "SLA_INTERVAL_KIND_PAUSED" ? "sla-hatched" : undefined}
              style={{ backgroundColor: colourOf(kind, TONES[scheme]) }}
            />
            {label}
          </span>
        ))}
      {marks
        .filter(([shape]) => shapes.has(shape))
        .map(([shape, { sign, label, tone }]) => (
          <span key={shape}>
            <b style={{ color: TONES[scheme][tone].text }}>{sign}</b>
            {label}
          </span>
        ))}
    </div>
  );
}

const TIME = new Intl.DateTimeFormat("en-IN", { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-IN", { day: "numeric", month: "short" });

function tickWords(tick: number, length: number): string {
  const isMidnight = new Date(tick).getHours() === 0 && new Date(tick).getMinutes() === 0;
  return isMidnight || length > 5 * 86_400_000 ? DAY.format(tick) : TIME.format(tick);
}
