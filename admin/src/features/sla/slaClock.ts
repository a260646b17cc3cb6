import type { Ticket } from "@/api/schemas";

/**
 * What a ticket's answer tells of its clock, so that the page can go on telling it while time passes. An answer has the
 * deadline and the share that was left, not the instant of near breach; that follows from the two (`nearBreachAt`).
 */
export type SlaClock = {
  kind: "none" | "running" | "paused" | "ended";
  createdAt: number;
  dueAt: number;
  /** Where near breach begins; null when the answer does not tell, and then only the server's word is repeated. */
  nearAt: number | null;
  pausedAt: number | null;
  /** When the answer was made, as well as this page knows. */
  readAt: number;
  percentAtRead: number | null;
  wasNearAtRead: boolean;
  missed: boolean;
  firstResponse: {
    dueAt: number;
    respondedAt: number | null;
    missed: boolean;
  } | null;
};

/** Where the clock stands at an instant. */
export type SlaState = "none" | "onTrack" | "nearBreach" | "breached" | "paused" | "met" | "missed";

/** Where the first response stands at an instant. */
export type FirstResponseState = "due" | "overdue" | "inTime" | "late" | "notNeeded";

const NEAR_PERCENT = 20;
/** How far the page's clock and the server's may differ before a share is read wrongly. */
const TOLERANCE_MS = 60_000;
/** Before this share of a ticket's time has passed, an error in `readAt` hides where the share is going. */
const LEAST_ELAPSED = 0.05;

/** Reads the clock of an answer that was made at `readAt`. */
export function slaClockOf(ticket: Ticket, readAt: number): SlaClock {
  const dueAt = instantOf(ticket.slaDueAt);
  const pausedAt = instantOf(ticket.slaPausedAt);
  const createdAt = instantOf(ticket.createdAt) ?? readAt;
  const done = ticket.status === "TICKET_STATUS_RESOLVED" || ticket.status === "TICKET_STATUS_CLOSED";
  const percent = dueAt === null || done ? null : (ticket.slaPercentLeft ?? 0);
  const kind = dueAt === null ? "none" : done ? "ended" : pausedAt !== null ? "paused" : "running";
  // A clock that stands still was read where it stopped.
  const stoodAt = pausedAt === null ? readAt : Math.min(pausedAt, readAt);
  return {
    kind,
    createdAt,
    dueAt: dueAt ?? 0,
    nearAt: dueAt === null || percent === null ? null : nearBreachAt({ dueAt, createdAt, percent, readAt: stoodAt }),
    pausedAt,
    readAt,
    percentAtRead: percent,
    wasNearAtRead: ticket.slaStatus === "SLA_STATUS_NEAR_BREACH",
    missed: ticket.slaBreached ?? false,
    firstResponse: firstResponseOf(ticket),
  };
}

/**
 * The instant at which a fifth is left. The share that is left falls evenly from there to the deadline, and evenly
 * before it from the start, which is the creation or, where the last fifth is short, four times its length before it
 * (Ticket.sla_percent_left). So one share and the deadline tell it. Null where they do not: while the share still
 * stands at 100, when none is left, and in the first moments, when hours closed at the end would not show yet.
 */
function nearBreachAt({
  dueAt,
  createdAt,
  percent,
  readAt,
}: {
  dueAt: number;
  createdAt: number;
  percent: number;
  readAt: number;
}): number | null {
  if (percent <= 0 || percent >= 100 || readAt >= dueAt) {
    return null;
  }
  const lastFifth = ((dueAt - readAt) * NEAR_PERCENT) / percent;
  const start = dueAt - 5 * lastFifth;
  if (percent <= NEAR_PERCENT || start > createdAt + TOLERANCE_MS) {
    return dueAt - lastFifth;
  }
  const passed = readAt - createdAt;
  if (passed < LEAST_ELAPSED * (dueAt - createdAt)) {
    return null;
  }
  if (start >= createdAt - TOLERANCE_MS) {
    return dueAt - lastFifth;
  }
  const nearAt = createdAt + (passed * (100 - NEAR_PERCENT)) / (100 - percent);
  return nearAt < dueAt ? nearAt : null;
}

/** Where the clock stands at `now`; each instant already belongs to what begins with it, as on the server. */
export function slaStateAt(clock: SlaClock, now: number): SlaState {
  switch (clock.kind) {
    case "none":
      return "none";
    case "ended":
      return clock.missed ? "missed" : "met";
    case "paused":
      return (clock.pausedAt ?? now) >= clock.dueAt ? "breached" : "paused";
    case "running":
      if (now >= clock.dueAt) {
        return "breached";
      }
      return isNear(clock, now) ? "nearBreach" : "onTrack";
  }
}

/** Whether a fifth of the time or less is left at `now`, or was when the clock stopped. */
export function isNear(clock: SlaClock, now: number): boolean {
  const at = Math.min(clock.pausedAt ?? now, now);
  return clock.wasNearAtRead || (clock.nearAt !== null && at >= clock.nearAt);
}

/** Share of the time that is left at `now`, 0 to 100, as the server would tell it; null when it cannot be told. */
export function percentLeftAt(clock: SlaClock, now: number): number | null {
  if (clock.kind === "none" || clock.kind === "ended" || clock.percentAtRead === null) {
    return null;
  }
  if (clock.kind === "paused") {
    return clock.percentAtRead;
  }
  return percentAt(clock, now) ?? clock.percentAtRead;
}

/** Where an instant lies on a scale of the time that is left, 100 to 0; null when it cannot be told. */
export function percentAt({ nearAt, dueAt, createdAt }: SlaClock, instant: number): number | null {
  if (instant >= dueAt) {
    return 0;
  }
  if (nearAt === null) {
    return null;
  }
  const lastFifth = dueAt - nearAt;
  if (instant >= nearAt) {
    return (NEAR_PERCENT * (dueAt - instant)) / lastFifth;
  }
  const start = Math.max(createdAt, nearAt - 4 * lastFifth);
  return Math.min(100, NEAR_PERCENT + ((100 - NEAR_PERCENT) * (nearAt - instant)) / (nearAt - start));
}

/** Where the first response stands at `now`; null where none is due. No state of a ticket pauses it. */
export function firstResponseStateAt(clock: SlaClock, now: number): FirstResponseState | null {
  const { firstResponse } = clock;
  if (firstResponse === null) {
    return null;
  }
  if (firstResponse.respondedAt !== null) {
    return firstResponse.missed ? "late" : "inTime";
  }
  if (firstResponse.missed) {
    return "overdue";
  }
  if (clock.kind === "ended") {
    return "notNeeded";
  }
  return now > firstResponse.dueAt ? "overdue" : "due";
}

/** The instants at which what is shown turns from one kind to another. */
export function turnsOf(clock: SlaClock): number[] {
  const turns = clock.kind === "running" ? [clock.nearAt, clock.dueAt] : [];
  const { firstResponse } = clock;
  if (firstResponse !== null && firstResponse.respondedAt === null && clock.kind !== "ended") {
    turns.push(firstResponse.dueAt);
  }
  return turns.filter((turn) => turn !== null);
}

function firstResponseOf(ticket: Ticket): SlaClock["firstResponse"] {
  const dueAt = instantOf(ticket.firstResponseDueAt);
  if (dueAt === null) {
    return null;
  }
  return {
    dueAt,
    respondedAt: instantOf(ticket.firstRespondedAt),
    missed: ticket.firstResponseBreached ?? false,
  };
}

function instantOf(instant: string | undefined): number | null {
  return instant === undefined ? null : Date.parse(instant);
}
