import { Tooltip } from "antd";
import type { Ticket } from "@/api/schemas";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { ToneTag } from "@/ui/StatusTag";
import { dateTime, preciseDateTime } from "@/vocabulary/time";
import { SlaIcon } from "./SlaIcon";
import { firstResponseStateAt, percentAt, percentLeftAt, type SlaClock, slaStateAt } from "./slaClock";
import { FIRST_RESPONSE_TONES, firstResponseWords, percentOf, SLA_TONES, slaWords, waitOf } from "./slaWords";
import "./sla.css";

/** The time to resolution as a bar, with what is used of it, the last fifth, and the first response. For a panel. */
export function SlaBar({ ticket, clock, now }: { ticket: Ticket; clock: SlaClock; now: number }) {
  const state = slaStateAt(clock, now);
  const level = ticket.slaEscalationLevel ?? 0;
  const response = firstResponseStateAt(clock, now);
  return (
    <div className="sla-bar">
      <div className="sla-bar-head">
        <ToneTag tone={SLA_TONES[state]} icon={<SlaIcon state={state} />}>
          {slaWords(clock, now)}
        </ToneTag>
        <span>{dueWords(ticket, clock)}</span>
        {level > 0 && <ToneTag tone="danger">Escalation level {level}</ToneTag>}
      </div>
      <Track clock={clock} now={now} />
      {response !== null && (
        <div className="sla-bar-foot">
          <Tooltip title={ticket.firstResponseDueAt && `Due ${preciseDateTime(ticket.firstResponseDueAt)}`}>
            <span>
              <Dot tone={FIRST_RESPONSE_TONES[response]} /> {firstResponseWords(clock, now)}
            </span>
          </Tooltip>
        </div>
      )}
    </div>
  );
}

function Track({ clock, now }: { clock: SlaClock; now: number }) {
  const { scheme } = useScheme();
  const left = percentLeftAt(clock, now);
  if (left === null) {
    return null;
  }
  const state = slaStateAt(clock, now);
  const used = 100 - left;
  const usedWords = `${100 - percentOf(left)} % used`;
  const tones = TONES[scheme];
  const markAt = clock.firstResponse === null ? null : percentAt(clock, clock.firstResponse.dueAt);
  return (
    <div className="sla-track-row">
      <div
        className="sla-track"
        role="progressbar"
        aria-label="Time to resolution"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(used)}
        aria-valuetext={`${usedWords}. ${slaWords(clock, now)}`}
        style={{ background: tones.neutral.background, borderColor: tones.neutral.border }}
      >
        <div className="sla-track-zone" style={{ background: tones.warning.background }} />
        <div
          className={clock.kind === "paused" ? "sla-track-used sla-hatched" : "sla-track-used"}
          style={{ width: `${used}%`, backgroundColor: tones[SLA_TONES[state]].solid }}
        />
        <div className="sla-track-limit" style={{ background: tones.warning.solid }} />
        {markAt !== null && (
          <div
            className="sla-track-mark"
            style={{ insetInlineStart: `${100 - markAt}%`, background: tones.neutral.text }}
          />
        )}
      </div>
      <span className="sla-track-words">{usedWords}</span>
    </div>
  );
}

function Dot({ tone }: { tone: keyof (typeof TONES)["light"] }) {
  const { scheme } = useScheme();
  return <span className="sla-dot" style={{ background: TONES[scheme][tone].solid }} aria-hidden />;
}

function dueWords(ticket: Ticket, clock: SlaClock): string | null {
  if (!ticket.slaDueAt) {
    return "No policy sets a deadline for this ticket.";
  }
  if (clock.kind === "ended") {
    const resolvedAt = ticket.resolvedAt ?? ticket.closedAt;
    const difference = resolvedAt === undefined ? 0 : clock.dueAt - Date.parse(resolvedAt);
    if (difference > 0 && !clock.missed) {
      return `Resolved ${waitOf(difference)} before the deadline`;
    }
    return difference < 0 ? `Resolved ${waitOf(difference)} after the deadline` : `Due ${dateTime(ticket.slaDueAt)}`;
  }
  if (clock.kind === "paused" && ticket.slaPausedAt) {
    return `since ${dateTime(ticket.slaPausedAt)}; the deadline moves by the pause`;
  }
  return `Due ${dateTime(ticket.slaDueAt)}`;
}
