import type { Schemas, TicketFilter } from "@/api/schemas";
import { LINKED_TYPES, PRIORITIES, ROLES, SLA_STATUSES, STATUSES, wordOf } from "./tickets";
import { dateTime } from "./time";

type Named = Parameters<typeof wordOf>[0];

/**
 * Which tickets a filter means, a phrase for each of its fields: ["Open or New", "tag fraud"]. People stand by their
 * user ids. An empty list: all tickets that are not archived.
 */
export function filterWords(filter: TicketFilter | undefined): string[] {
  if (filter === undefined) {
    return [];
  }
  const phrases: (string | false)[] = [
    anyOf(STATUSES, filter.statuses),
    anyOf(PRIORITIES, filter.priorities, " priority"),
    anyOf(SLA_STATUSES, filter.slaStatuses, "", "SLA "),
    filter.ownerId ? `owned by ${filter.ownerId}` : false,
    anyOf(ROLES, filter.ownerRoles, " queue"),
    filter.unassigned === true && "owned by nobody",
    filter.unassigned === false && "owned by somebody",
    some("franchise", filter.franchiseIds),
    Boolean(filter.linkedType) &&
      `about ${[wordOf(LINKED_TYPES, filter.linkedType).label, filter.linkedId].filter(Boolean).join(" ")}`,
    filter.createdById ? `created by ${filter.createdById}` : false,
    some("tag", filter.tagsAny),
    (filter.tagsAll?.length ?? 0) > 0 && `all tags ${filter.tagsAll?.join(", ")}`,
    range("created", filter.created),
    range("updated", filter.updated),
    range("due", filter.due),
    filter.archived === true && "archived",
    filter.sensitive === true && "sensitive",
    filter.sensitive === false && "not sensitive",
    filter.text ? `“${filter.text}”` : false,
  ];
  return phrases.filter((phrase) => phrase !== false);
}

/** Whether it narrows at all. */
export function isEmptyFilter(filter: TicketFilter | undefined): boolean {
  return filterWords(filter).length === 0;
}

function anyOf(words: Named, values: readonly string[] | undefined, after = "", before = ""): string | false {
  if (!values || values.length === 0) {
    return false;
  }
  return before + values.map((value) => wordOf(words, value).label).join(" or ") + after;
}

function some(what: string, values: readonly string[] | undefined): string | false {
  return values && values.length > 0 ? `${what} ${values.join(" or ")}` : false;
}

function range(what: string, { start, end }: Schemas["TimeRange"] = {}): string | false {
  if (!start && !end) {
    return false;
  }
  return [what, start && `from ${dateTime(start)}`, end && `before ${dateTime(end)}`].filter(Boolean).join(" ");
}
