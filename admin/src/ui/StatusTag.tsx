import type { ReactNode } from "react";
import type { TicketPriority, TicketSeverity, TicketStatus } from "@/api/schemas";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { PRIORITIES, SEVERITIES, STATUSES, type Tone, wordOf } from "@/vocabulary/tickets";
import "./ui.css";

/** A word in the colour of what it means. */
export function ToneTag({ tone, icon, children }: { tone: Tone; icon?: ReactNode; children: ReactNode }) {
  const { scheme } = useScheme();
  const { text, background, border } = TONES[scheme][tone];
  return (
    <span className="tone-tag" style={{ color: text, background, borderColor: border }}>
      {icon}
      {children}
    </span>
  );
}

/** A ticket's state. */
export function StatusTag({ status }: { status: TicketStatus | undefined }) {
  const { label, tone } = wordOf(STATUSES, status);
  return <ToneTag tone={tone}>{label}</ToneTag>;
}

/** A ticket's priority: a dot and a word, so that colour is not all that tells. */
export function PriorityTag({ priority }: { priority: TicketPriority | undefined }) {
  const { scheme } = useScheme();
  const { label, tone } = wordOf(PRIORITIES, priority);
  return (
    <span className="priority-tag">
      <span className="priority-dot" style={{ background: TONES[scheme][tone].solid }} aria-hidden />
      {label}
    </span>
  );
}

/** A ticket's severity. */
export function SeverityTag({ severity }: { severity: TicketSeverity | undefined }) {
  const { label, tone } = wordOf(SEVERITIES, severity);
  return <ToneTag tone={tone}>{label}</ToneTag>;
}
