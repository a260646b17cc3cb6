import type { TicketFilter, Webhook } from "@/api/schemas";

/** Names that the service sends today; others may be typed, and would simply never happen. */
export const EVENT_TYPES = [
  "TICKET_CREATED",
  "TICKET_UPDATED",
  "STATUS_CHANGED",
  "ASSIGNMENT_CHANGED",
  "PRIORITY_CHANGED",
  "ESCALATED",
  "AUTO_ESCALATED",
  "SLA_NEAR_BREACH",
  "SLA_BREACHED",
  "FIRST_RESPONSE_BREACHED",
  "SLA_REAPPLIED",
  "SLA_DERIVED",
  "TICKET_ARCHIVED",
  "TICKET_UNARCHIVED",
  "MESSAGE_ADDED",
  "ATTACHMENT_ADDED",
  "ATTACHMENT_CHANGED",
  "ATTACHMENT_REMOVED",
] as const;

export const MOST_EVENT_TYPES = 50;

/** Fields of a filter that the form has; others that a webhook was given elsewhere stay as they are. */
export const FILTER_FIELDS = [
  "statuses",
  "priorities",
  "ownerRoles",
  "franchiseIds",
  "linkedType",
  "tagsAny",
  "sensitive",
] as const satisfies readonly (keyof TicketFilter)[];

/** What the form holds. */
export type WebhookDraft = {
  displayName: string;
  url: string;
  eventTypes: string[];
  /** "all" means archived tickets too: no filter at all, which is more than an empty one. */
  tickets: "all" | "some";
  filter: TicketFilter;
};

export function webhookDraftOf(webhook: Webhook | null): WebhookDraft {
  return {
    displayName: webhook?.displayName ?? "",
    url: webhook?.url ?? "",
    eventTypes: webhook?.eventTypes ?? [],
    tickets: webhook?.filter === undefined ? "all" : "some",
    filter: webhook?.filter ?? {},
  };
}

/** The webhook that the form means. Fields of its filter that the form does not have are `before`'s. */
export function webhookOf(draft: WebhookDraft, before: Webhook | null): Webhook {
  const kept = { ...before?.filter };
  for (const field of FILTER_FIELDS) {
    delete kept[field];
  }
  return {
    displayName: draft.displayName.trim(),
    url: draft.url.trim(),
    eventTypes: draft.eventTypes,
    ...(draft.tickets === "some" && { filter: { ...kept, ...narrowing(draft.filter) } }),
  };
}

/** Which fields a change has to name: those that differ. A filter that is taken away is named and not sent. */
export function changedFields(before: Webhook, after: Webhook): string[] {
  const fields: [string, unknown, unknown][] = [
    ["display_name", before.displayName, after.displayName],
    ["url", before.url, after.url],
    ["event_types", before.eventTypes ?? [], after.eventTypes ?? []],
    ["filter", before.filter, after.filter],
  ];
  return fields.filter(([, old, next]) => stable(old) !== stable(next)).map(([name]) => name);
}

/** Without fields that narrow nothing. */
function narrowing(filter: TicketFilter): TicketFilter {
  return Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  );
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => one.localeCompare(other)))
      : part,
  );
}
