import type { BulkResult, TicketStatus } from "@/api/schemas";
import { type Reason, refusalWords } from "@/vocabulary/refusals";

/** What became of a ticket: "left" is one that was not tried, since the check had said that it would fail. */
export type Outcome = "done" | "failed" | "left";

export type ResultRow = {
  ticketId: string;
  outcome: Outcome;
  /** The contract's reason without its prefix, such as "TRANSITION_NOT_ALLOWED"; empty when it was done. */
  reason: string;
  /** For people; empty when it was done. */
  message: string;
  /** Afterwards; undefined when it was not changed. */
  status: TicketStatus | undefined;
};

/** Rows with one outcome and one reason. */
export type ResultGroup = { key: string; outcome: Outcome; reason: string; label: string; rows: ResultRow[] };

const REASON_PREFIX = "ERROR_REASON_";

/** Headings of groups; the reasons that a single ticket is refused for. */
const REASONS: Readonly<Partial<Record<Reason, string>>> = {
  TRANSITION_NOT_ALLOWED: "Not from its present state",
  ACTION_NOT_ALLOWED: "Not allowed for you",
  FINANCE_ONLY: "Only finance may resolve payments",
  TICKET_NOT_FOUND: "Not there",
  TICKET_ARCHIVED: "Archived",
  TICKET_CLOSED: "Closed",
  ESCALATION_CHAIN_EXHAUSTED: "At the end of its chain",
  OWNER_NOT_ELIGIBLE: "The owner cannot have it",
  SLA_POLICY_NOT_FOUND: "No policy for its priority",
  RESOLUTION_SUMMARY_REQUIRED: "A summary is missing",
  INVALID_REQUEST: "Not valid for it",
  CONFLICT: "Somebody was faster",
};

/** The answer's results as rows, in its order. */
export function rowsOf(results: readonly BulkResult[]): ResultRow[] {
  return results.map(({ ticketId = "", error, status }) => ({
    ticketId,
    outcome: error === undefined ? "done" : "failed",
    reason: reasonOf(error),
    message: errorWords(error),
    status: error === undefined && status !== "TICKET_STATUS_UNSPECIFIED" ? status : undefined,
  }));
}

/** Why a ticket was not changed, for people; empty when it was. */
export function errorWords(error: BulkResult["error"]): string {
  return error === undefined
    ? ""
    : refusalWords({ reason: reasonOf(error), metadata: error.metadata ?? {}, message: error.message ?? "" });
}

function reasonOf(error: BulkResult["error"]): string {
  return (error?.reason ?? "").replace(REASON_PREFIX, "");
}

/**
 * Rows after some of them were tried (again): in the order of `checked`, none is lost, and what was changed by an
 * earlier attempt stays so.
 */
export function mergedRows(checked: readonly ResultRow[], run: readonly ResultRow[]): ResultRow[] {
  const changed = new Map(run.map((row) => [row.ticketId, row]));
  return checked.map(
    (row) => changed.get(row.ticketId) ?? (row.outcome === "failed" ? { ...row, outcome: "left" } : row),
  );
}

/** Those that were not changed. */
export function unchangedIds(rows: readonly ResultRow[]): string[] {
  return rows.filter(({ outcome }) => outcome !== "done").map(({ ticketId }) => ticketId);
}

export function idsWith(rows: readonly ResultRow[], outcome: Outcome): string[] {
  return rows.filter((row) => row.outcome === outcome).map(({ ticketId }) => ticketId);
}

/** Rows by outcome and reason: what was done first, then the most frequent failures. */
export function groupsOf(rows: readonly ResultRow[], doneLabel: string): ResultGroup[] {
  const groups = new Map<string, ResultGroup>();
  for (const row of rows) {
    const key = row.outcome === "done" ? "done" : `${row.outcome}:${row.reason}`;
    const group = groups.get(key) ?? { key, outcome: row.outcome, reason: row.reason, label: doneLabel, rows: [] };
    if (row.outcome !== "done") {
      group.label = (row.outcome === "left" ? "Left out: " : "") + reasonWords(row.reason);
    }
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()].sort(
    (one, other) =>
      Number(other.outcome === "done") - Number(one.outcome === "done") || other.rows.length - one.rows.length,
  );
}

function reasonWords(reason: string): string {
  const words = reason.toLowerCase().replaceAll("_", " ");
  return REASONS[reason as Reason] ?? (words ? words.charAt(0).toUpperCase() + words.slice(1) : "Failed");
}
