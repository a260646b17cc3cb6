/** The words and colours of the contract's enums: the one place where a state or a role gets its name for people. */
import type { LinkedType, Role, Schemas, SlaStatus, TicketPriority, TicketSeverity, TicketStatus } from "@/api/schemas";

/** A colour of the theme, see ui/tones.ts. */
export type Tone = "neutral" | "info" | "progress" | "waiting" | "warning" | "danger" | "success";

type Word = { label: string; tone: Tone };
type Known<Enum extends string> = Exclude<Enum, `${string}_UNSPECIFIED`>;

export const STATUSES: Readonly<Record<Known<TicketStatus>, Word>> = {
  TICKET_STATUS_NEW: { label: "New", tone: "info" },
  TICKET_STATUS_OPEN: { label: "Open", tone: "info" },
  TICKET_STATUS_IN_PROGRESS: { label: "In progress", tone: "progress" },
  TICKET_STATUS_AWAITING_SHIPPER: { label: "Awaiting shipper", tone: "waiting" },
  TICKET_STATUS_AWAITING_OPERATOR: { label: "Awaiting operator", tone: "waiting" },
  TICKET_STATUS_AWAITING_FRANCHISE: { label: "Awaiting franchise", tone: "waiting" },
  TICKET_STATUS_AWAITING_FINANCE: { label: "Awaiting finance", tone: "waiting" },
  TICKET_STATUS_ESCALATED: { label: "Escalated", tone: "danger" },
  TICKET_STATUS_REOPENED: { label: "Reopened", tone: "warning" },
  TICKET_STATUS_RESOLVED: { label: "Resolved", tone: "success" },
  TICKET_STATUS_CLOSED: { label: "Closed", tone: "neutral" },
};

export const PRIORITIES: Readonly<Record<Known<TicketPriority>, Word>> = {
  TICKET_PRIORITY_LOW: { label: "Low", tone: "neutral" },
  TICKET_PRIORITY_MEDIUM: { label: "Medium", tone: "info" },
  TICKET_PRIORITY_HIGH: { label: "High", tone: "warning" },
  TICKET_PRIORITY_CRITICAL: { label: "Critical", tone: "danger" },
};

export const SEVERITIES: Readonly<Record<Known<TicketSeverity>, Word>> = {
  TICKET_SEVERITY_MINOR: { label: "Minor", tone: "neutral" },
  TICKET_SEVERITY_MODERATE: { label: "Moderate", tone: "info" },
  TICKET_SEVERITY_MAJOR: { label: "Major", tone: "warning" },
  TICKET_SEVERITY_CRITICAL: { label: "Critical", tone: "danger" },
};

export const SLA_STATUSES: Readonly<Record<Known<SlaStatus>, Word>> = {
  SLA_STATUS_ON_TRACK: { label: "On track", tone: "success" },
  SLA_STATUS_NEAR_BREACH: { label: "Near breach", tone: "warning" },
  SLA_STATUS_BREACHED: { label: "Breached", tone: "danger" },
  SLA_STATUS_COMPLETED: { label: "Completed", tone: "neutral" },
  SLA_STATUS_NO_SLA: { label: "No SLA", tone: "neutral" },
};

export const LINKED_TYPES: Readonly<Record<Known<LinkedType>, string>> = {
  LINKED_TYPE_BOOKING: "Booking",
  LINKED_TYPE_SHIPMENT: "Shipment",
  LINKED_TYPE_USER: "User",
  LINKED_TYPE_TRUCK: "Truck",
  LINKED_TYPE_OPERATOR: "Operator",
  LINKED_TYPE_FRANCHISE: "Franchise",
  LINKED_TYPE_DOCUMENT: "Document",
  LINKED_TYPE_PAYMENT: "Payment",
};

/** Lowest first, as the specification has them; then the specialists, then those outside, then services. */
export const ROLES: Readonly<Record<Known<Role>, string>> = {
  ROLE_FRANCHISE_AGENT: "Franchise agent",
  ROLE_OPS_AGENT: "Ops agent",
  ROLE_OPS_MANAGER: "Ops manager",
  ROLE_REGIONAL_MANAGER: "Regional manager",
  ROLE_HQ_SUPPORT: "HQ support",
  ROLE_CEO_ONCALL: "CEO on call",
  ROLE_ADMIN: "Admin",
  ROLE_FINANCE: "Finance",
  ROLE_COMPLIANCE_OFFICER: "Compliance officer",
  ROLE_SHIPPER: "Shipper",
  ROLE_OPERATOR: "Operator",
  ROLE_DRIVER: "Driver",
  ROLE_SYSTEM: "System",
};

/** Roles whose people and queues can own tickets. */
export const STAFF_ROLES = [
  "ROLE_FRANCHISE_AGENT",
  "ROLE_OPS_AGENT",
  "ROLE_OPS_MANAGER",
  "ROLE_REGIONAL_MANAGER",
  "ROLE_HQ_SUPPORT",
  "ROLE_CEO_ONCALL",
  "ROLE_ADMIN",
  "ROLE_FINANCE",
  "ROLE_COMPLIANCE_OFFICER",
] as const satisfies readonly Role[];

/** What a ticket waits in or is worked on: every state but RESOLVED and CLOSED. */
export const OPEN_STATUSES = (Object.keys(STATUSES) as Known<TicketStatus>[]).filter(
  (status) => status !== "TICKET_STATUS_RESOLVED" && status !== "TICKET_STATUS_CLOSED",
);

export const NOTIFICATION_KINDS: Readonly<Record<Known<Schemas["NotificationKind"]>, Word>> = {
  NOTIFICATION_KIND_ASSIGNED: { label: "Assigned", tone: "info" },
  NOTIFICATION_KIND_MESSAGE_ADDED: { label: "Message", tone: "neutral" },
  NOTIFICATION_KIND_STATUS_CHANGED: { label: "Status", tone: "progress" },
  NOTIFICATION_KIND_TICKET_UPDATED: { label: "Updated", tone: "neutral" },
  NOTIFICATION_KIND_NEAR_BREACH: { label: "Near breach", tone: "warning" },
  NOTIFICATION_KIND_FIRST_RESPONSE_BREACHED: { label: "No first response", tone: "danger" },
  NOTIFICATION_KIND_ESCALATED: { label: "Escalated", tone: "danger" },
  NOTIFICATION_KIND_EXPORT_FINISHED: { label: "Export", tone: "success" },
};

export const EXPORT_FORMATS: Readonly<Record<Known<Schemas["ExportFormat"]>, string>> = {
  EXPORT_FORMAT_CSV: "CSV",
  EXPORT_FORMAT_JSON_LINES: "JSON Lines",
  EXPORT_FORMAT_XLSX: "Excel (XLSX)",
};

export const EXPORT_STATUSES: Readonly<Record<Known<Schemas["ExportStatus"]>, Word>> = {
  EXPORT_STATUS_PENDING: { label: "Waiting", tone: "neutral" },
  EXPORT_STATUS_PROCESSING: { label: "Writing", tone: "progress" },
  EXPORT_STATUS_COMPLETED: { label: "Ready", tone: "success" },
  EXPORT_STATUS_FAILED: { label: "Failed", tone: "danger" },
  EXPORT_STATUS_CANCELLED: { label: "Cancelled", tone: "neutral" },
};

/** The name of an enum's value for people; one that this build does not know yet is made readable. */
export function wordOf<Value extends string>(
  words: Readonly<Record<string, Word | string>>,
  value: Value | undefined,
): Word {
  const known = value === undefined ? undefined : words[value];
  if (typeof known === "string") {
    return { label: known, tone: "neutral" };
  }
  return known ?? { label: readable(value), tone: "neutral" };
}

/** "TICKET_STATUS_ON_HOLD" → "Ticket status on hold". */
function readable(value: string | undefined): string {
  const words = (value ?? "").toLowerCase().replaceAll("_", " ");
  return words ? words.charAt(0).toUpperCase() + words.slice(1) : "None";
}

/** Choices for an Ant Design Select, in the order of the record. */
export function optionsOf<Value extends string>(
  words: Readonly<Record<Value, Word | string>>,
): { value: Value; label: string }[] {
  return (Object.entries(words) as [Value, Word | string][]).map(([value, word]) => ({
    value,
    label: typeof word === "string" ? word : word.label,
  }));
}
