import type { AuditEntry, Role } from "@/api/schemas";
import { LINKED_TYPES, PRIORITIES, ROLES, SEVERITIES, STATUSES, wordOf } from "@/vocabulary/tickets";
import { dateTime } from "@/vocabulary/time";

type Values = Readonly<Record<string, unknown>>;

/** One value of a ticket, before and after. `person`: it is a user id. `isWithheld`: protected, and not looked at. */
export type Change = { field: string; label: string; before: string; after: string; person: boolean };

/** What was done, in plain words, to be read after the name of who did it; `owner` goes where it ends. */
export type Sentence = { words: string; owner?: { ownerId: string | undefined; ownerRole: Role | undefined } };

const LABELS: Readonly<Record<string, string>> = {
  assigned_franchise_id: "Franchise",
  first_response_due_at: "First response due",
  file_name: "File",
  is_sensitive: "Sensitive",
  linked_id: "Linked id",
  linked_type: "Linked to",
  owner_id: "Owner",
  owner_role: "Role",
  sla_due_at: "Due",
  sla_escalation_level: "Escalation level",
  user_id: "User",
};

/** Columns that only the system reads; the audit tab shows them, the timeline does not. */
const BOOKKEEPING = new Set([
  "sla_changed_at",
  "sla_cycle",
  "sla_near_breach_at",
  "sla_near_breach_notified",
  "sla_next_escalation_at",
  "sla_policy_version",
  "sla_paused_at",
  "sla_breached",
  "first_response_breached",
  "updated_at",
  "resolved_at",
  "closed_at",
  "version",
]);

const FILE_COLUMNS = [
  "attachment_id",
  "file_name",
  "file_size_bytes",
  "file_type",
  "is_sensitive",
  "sha256",
  "uploaded_by_id",
] as const;

/** Actions whose sentence already says what changed. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  ASSIGNMENT_CHANGED: ["owner_id", "owner_role"],
  TICKET_ARCHIVED: ["archived"],
  ATTACHMENT_ADDED: FILE_COLUMNS,
  ATTACHMENT_REMOVED: FILE_COLUMNS,
  AUTO_ESCALATED: ["owner_id", "owner_role", "sla_escalation_level"],
  ESCALATED: ["owner_id", "owner_role", "sla_escalation_level"],
};

const WORDS: Readonly<Record<string, string>> = {
  ATTACHMENT_CHANGED: "changed a file",
  FIRST_RESPONSE_BREACHED: "found the first response overdue",
  MESSAGE_ADDED: "wrote a message",
  PRIORITY_CHANGED: "changed the priority",
  SENSITIVE_VIEWED: "looked at protected data",
  SLA_BREACHED: "found the deadline missed",
  SLA_DERIVED: "computed the deadlines anew",
  SLA_NEAR_BREACH: "warned that the deadline is close",
  SLA_REAPPLIED: "applied the SLA policy anew",
  STATUS_CHANGED: "changed the status",
  TICKET_CREATED: "created the ticket",
  TICKET_UPDATED: "edited the ticket",
  WATCH_CHANGED: "changed who watches",
};

export function sentenceOf(entry: AuditEntry): Sentence {
  const { action = "" } = entry;
  const after = (entry.newValues ?? {}) as Values;
  switch (action) {
    case "ASSIGNMENT_CHANGED":
      return "owner_id" in after || "owner_role" in after
        ? { words: "assigned it to", owner: ownerIn(after) }
        : { words: "gave it to another franchise" };
    case "AUTO_ESCALATED":
    case "ESCALATED": {
      const level = after.sla_escalation_level;
      const by = action === "AUTO_ESCALATED" ? ", the deadline having passed" : "";
      const words = `escalated it${level === undefined ? "" : ` to level ${level}`}${by}`;
      return after.owner_role ? { words: `${words}, to`, owner: ownerIn(after) } : { words };
    }
    case "TICKET_ARCHIVED":
    case "ARCHIVED_CHANGED":
      return { words: after.archived === false ? "took it out of the archive" : "archived it" };
    case "ATTACHMENT_ADDED":
    case "ATTACHMENT_REMOVED": {
      const name = after.file_name ?? (entry.oldValues as Values | undefined)?.file_name;
      const verb = action === "ATTACHMENT_ADDED" ? "attached" : "removed";
      return { words: `${verb} ${typeof name === "string" ? `\u2068${name}\u2069` : "a file"}` };
    }
    case "TICKET_UPDATED":
      return { words: editedWords(entry) };
    default:
      return { words: WORDS[action] ?? unknownWords(action) };
  }
}

/** Who did it, where it was no person. */
export function actorWords(entry: AuditEntry): string | null {
  if (entry.actorId !== "SYSTEM") {
    return null;
  }
  return /^(AUTO_|SLA_|FIRST_RESPONSE_)/.test(entry.action ?? "") ? "The SLA clock" : "The system";
}

/** What is worth showing of a change in the timeline: no columns of bookkeeping, none that the sentence says. */
export function notableChanges(entry: AuditEntry): Change[] {
  if (entry.action === "TICKET_CREATED" || entry.action === "MESSAGE_ADDED") {
    return [];
  }
  const said = SAID[entry.action ?? ""] ?? [];
  return changesOf(entry).filter(({ field }) => !BOOKKEEPING.has(field) && !said.includes(field));
}

/** Every value that the entry has. */
export function changesOf(entry: AuditEntry): Change[] {
  const before = (entry.oldValues ?? {}) as Values;
  const after = (entry.newValues ?? {}) as Values;
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const isWithheld = (field: string) => entry.redacted === true && PROTECTED.has(field);
  return fields.map((field) => ({
    field,
    label: labelOf(field),
    before: isWithheld(field) && field in before ? WITHHELD : valueWords(field, before[field]),
    after: isWithheld(field) && field in after ? WITHHELD : valueWords(field, after[field]),
    person: field === "owner_id" || field === "user_id" || field.endsWith("_by_id"),
  }));
}

export const WITHHELD = "withheld";
const PROTECTED = new Set(["description", "resolution_summary", "metadata", "file_name", "sha256"]);
const NOTHING = "";

function ownerIn(values: Values): NonNullable<Sentence["owner"]> {
  const role = typeof values.owner_role === "string" ? (`ROLE_${values.owner_role.toUpperCase()}` as Role) : undefined;
  return { ownerId: typeof values.owner_id === "string" ? values.owner_id : undefined, ownerRole: role };
}

function editedWords(entry: AuditEntry): string {
  const labels = notableFields(entry).map((field) => labelOf(field).toLowerCase());
  if (labels.length === 0) {
    return "edited the ticket";
  }
  const last = labels.pop();
  return `edited ${labels.length > 0 ? `${labels.join(", ")} and ` : ""}${last}`;
}

function notableFields(entry: AuditEntry): string[] {
  return Object.keys(entry.newValues ?? {}).filter((field) => !BOOKKEEPING.has(field));
}

function labelOf(field: string): string {
  const words = field.replaceAll("_", " ").replace(/^sla\b/, "SLA");
  return LABELS[field] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

function unknownWords(action: string): string {
  return action ? `made a change (${action.toLowerCase().replaceAll("_", " ")})` : "made a change";
}

/** A value of a column, as the database has it, for people; empty for none. */
function valueWords(field: string, value: unknown): string {
  if (value === null || value === undefined || value === "") {
    return NOTHING;
  }
  if (typeof value === "boolean") {
    return value ? "yes" : "no";
  }
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) {
    return value.join(", ");
  }
  if (typeof value !== "string") {
    return typeof value === "number" ? String(value) : JSON.stringify(value);
  }
  if (field.endsWith("_at") && !Number.isNaN(Date.parse(value))) {
    return dateTime(value);
  }
  return enumWords(field, value);
}

function enumWords(field: string, value: string): string {
  const name = value.toUpperCase();
  switch (field) {
    case "status":
      return wordOf(STATUSES, `TICKET_STATUS_${name}`).label;
    case "priority":
      return wordOf(PRIORITIES, `TICKET_PRIORITY_${name}`).label;
    case "severity":
      return wordOf(SEVERITIES, `TICKET_SEVERITY_${name}`).label;
    case "linked_type":
      return wordOf(LINKED_TYPES, `LINKED_TYPE_${name}`).label;
    case "owner_role":
    case "created_by_role":
      return wordOf(ROLES, `ROLE_${name}`).label;
    default:
      return value;
  }
}
