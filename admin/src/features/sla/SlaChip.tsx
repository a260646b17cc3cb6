import { MessageOutlined } from "@ant-design/icons";
import type { Ticket } from "@/api/schemas";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { HoverTip } from "@/ui/HoverTip";
import { ToneTag } from "@/ui/StatusTag";
import { preciseDateTime } from "@/vocabulary/time";
import { SlaIcon } from "./SlaIcon";
import { firstResponseStateAt, type SlaClock, slaStateAt } from "./slaClock";
import { firstResponseWords, percentWords, SLA_TONES, slaWords } from "./slaWords";
import "./sla.css";

/** The state of the clock in one line, for rows; all else is in the tooltip. */
export function SlaChip({ ticket, clock, now }: { ticket: Ticket; clock: SlaClock; now: number }) {
  const { scheme } = useScheme();
  const state = slaStateAt(clock, now);
  const isUnanswered = firstResponseStateAt(clock, now) === "overdue" && clock.kind !== "ended";
  if (state === "none") {
    return <span className="sla-none">No SLA</span>;
  }
  return (
    <HoverTip title={<Details ticket={ticket} clock={clock} now={now} />}>
      <span className="sla-chip">
        <ToneTag tone={SLA_TONES[state]} icon={<SlaIcon state={state} />}>
          <span className="sla-chip-words">{slaWords(clock, now, { short: true, oneUnit: isUnanswered })}</span>
          {isUnanswered && (
            <>
              <MessageOutlined aria-hidden style={{ color: TONES[scheme].danger.text }} />
              <span className="visually-hidden">First response overdue</span>
            </>
          )}
        </ToneTag>
      </span>
    </HoverTip>
  );
}

function Details({ ticket, clock, now }: { ticket: Ticket; clock: SlaClock; now: number }) {
  const level = ticket.slaEscalationLevel ?? 0;
  const lines = [
    ticket.slaDueAt &&
      `${clock.kind === "paused" ? "Due, had it gone on" : "Due"}: ${preciseDateTime(ticket.slaDueAt)}`,
    ticket.slaPausedAt && `Paused since ${preciseDateTime(ticket.slaPausedAt)}; the deadline moves by the pause`,
    clock.kind === "running" && slaWords(clock, now),
    percentWords(clock, now),
    firstResponseWords(clock, now),
    level > 0 && `Escalation level ${level}`,
  ];
  return (
    <div className="sla-details">
      {lines.filter(Boolean).map((line) => (
        <div key={String(line)}>{line}</div>
      ))}
    </div>
  );
}
