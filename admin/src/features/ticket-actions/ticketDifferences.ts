import type { Ticket } from "@/api/schemas";
import { LINKED_TYPES, PRIORITIES, ROLES, SEVERITIES, STATUSES, wordOf } from "@/vocabulary/tickets";
import { dateTime } from "@/vocabulary/time";

/** One thing about a ticket that is not as it was, in words. */
export type Difference = { field: string; before: string; now: string };

const NONE = "None";

type Shown = { field: string; of(ticket: Ticket): string; protectedAs?: string };

const SHOWN: readonly Shown[] = [
  { field: "Status", of: ({ status }) => wordOf(STATUSES, status).label },
  { field: "Owner", of: ownerOf },
  { field: "Priority", of: ({ priority }) => wordOf(PRIORITIES, priority).label },
  { field: "Severity", of: ({ severity }) => (isSet(severity) ? wordOf(SEVERITIES, severity).label : NONE) },
  { field: "Title", of: ({ title }) => title || NONE },
  { field: "Description", of: ({ description }) => description || NONE, protectedAs: "description" },
  { field: "Linked to", of: linkOf },
  { field: "Franchise", of: ({ assignedFranchiseId }) => assignedFranchiseId || NONE },
  { field: "Tags", of: ({ tags }) => tags?.join(", ") || NONE },
  { field: "Deadline", of: ({ slaDueAt }) => (slaDueAt ? dateTime(slaDueAt) : NONE) },
  { field: "Escalation level", of: ({ slaEscalationLevel }) => String(slaEscalationLevel ?? 0) },
  { field: "Sensitive", of: ({ isSensitive }) => (isSensitive ? "Yes" : "No") },
  { field: "Archived", of: ({ archived }) => (archived ? "Yes" : "No") },
  { field: "Resolution", of: ({ resolutionSummary }) => resolutionSummary || NONE, protectedAs: "resolution_summary" },
  { field: "Metadata", of: ({ metadata }) => canonical(metadata) || NONE, protectedAs: "metadata" },
];

/** What differs between two states of a ticket. What is withheld in either cannot be told and is left out. */
export function differences(before: Ticket, now: Ticket): Difference[] {
  return SHOWN.flatMap(({ field, of, protectedAs }) => {
    if (protectedAs !== undefined && (isWithheld(before, protectedAs) || isWithheld(now, protectedAs))) {
      return [];
    }
    const [was, is] = [of(before), of(now)];
    return was === is ? [] : [{ field, before: was, now: is }];
  });
}

/** Whether a field, by its name in the contract or in JSON, is not in this answer. */
export function isWithheld({ redactedFields = [] }: Ticket, field: string): boolean {
  const camel = field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return redactedFields.includes(field) || redactedFields.includes(camel);
}

function ownerOf({ ownerId, ownerRole }: Ticket): string {
  const role = isSet(ownerRole) ? wordOf(ROLES, ownerRole).label : "";
  return ownerId ? `${ownerId}${role && ` (${role})`}` : role ? `${role} queue` : "Unassigned";
}

function linkOf({ linkedType, linkedId }: Pick<Ticket, "linkedType" | "linkedId">): string {
  return linkedId ? `${wordOf(LINKED_TYPES, linkedType).label} ${linkedId}` : NONE;
}

/** JSON in which the order of keys does not matter; empty for nothing and for an empty object. */
export function canonical(value: unknown): string {
  if (value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0)) {
    return "";
  }
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

export function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && !value.endsWith("_UNSPECIFIED");
}
