import type { ReactNode } from "react";
import type { Schemas, TicketFilter } from "@/api/schemas";
import { UserName } from "@/ui/UserName";
import { LINKED_TYPES, PRIORITIES, ROLES, SLA_STATUSES, STATUSES, wordOf } from "@/vocabulary/tickets";
import { dateTime } from "@/vocabulary/time";

/** A part of a filter, in words. */
export type FilterWord = {
  /** The field, which also says what is taken away with it. */
  field: keyof TicketFilter;
  label: string;
  /** What it is narrowed to, for people. */
  value: ReactNode;
};

/** Fields that the buttons of TicketFilters show themselves. */
export const QUICK_FIELDS: ReadonlySet<keyof TicketFilter> = new Set(["statuses", "priorities", "slaStatuses"]);

/** A filter in words, field by field; `me` is called so. */
export function wordsOf(filter: TicketFilter, me: string): FilterWord[] {
  const words: FilterWord[] = [];
  const say = (field: keyof TicketFilter, label: string, value: ReactNode) => words.push({ field, label, value });
  const names = (known: Parameters<typeof wordOf>[0], values: readonly string[]) =>
    values.map((value) => wordOf(known, value).label).join(", ");

  if (filter.statuses?.length) {
    say("statuses", "Status", names(STATUSES, filter.statuses));
  }
  if (filter.priorities?.length) {
    say("priorities", "Priority", names(PRIORITIES, filter.priorities));
  }
  if (filter.slaStatuses?.length) {
    say("slaStatuses", "SLA", names(SLA_STATUSES, filter.slaStatuses));
  }
  if (filter.ownerId) {
    say("ownerId", "Owner", filter.ownerId === me ? "me" : <UserName userId={filter.ownerId} />);
  }
  if (filter.unassigned !== undefined) {
    say("unassigned", "Owner", filter.unassigned ? "nobody" : "anybody");
  }
  if (filter.ownerRoles?.length) {
    say("ownerRoles", "Queue", names(ROLES, filter.ownerRoles));
  }
  if (filter.franchiseIds?.length) {
    say("franchiseIds", "Franchise", filter.franchiseIds.join(", "));
  }
  if (filter.linkedType) {
    const type = wordOf(LINKED_TYPES, filter.linkedType).label;
    say("linkedType", "Linked to", filter.linkedId ? `${type} ${filter.linkedId}` : type);
  }
  if (filter.createdById) {
    say("createdById", "Created by", filter.createdById === me ? "me" : <UserName userId={filter.createdById} />);
  }
  if (filter.tagsAny?.length) {
    say("tagsAny", "Tag", filter.tagsAny.join(" or "));
  }
  if (filter.tagsAll?.length) {
    say("tagsAll", "Tags", filter.tagsAll.join(" and "));
  }
  for (const [field, label] of RANGES) {
    const range = filter[field];
    if (range?.start || range?.end) {
      say(field, label, rangeWords(range));
    }
  }
  if (filter.archived) {
    say("archived", "Archived", "only");
  }
  if (filter.sensitive !== undefined) {
    say("sensitive", "Sensitive", filter.sensitive ? "only" : "left out");
  }
  if (filter.text) {
    say("text", "Text", `“${filter.text}”`);
  }
  return words;
}

const RANGES = [
  ["created", "Created"],
  ["updated", "Updated"],
  ["due", "Due"],
] as const;

function rangeWords({ start, end }: Schemas["TimeRange"]): string {
  if (start && end) {
    return `${dateTime(start)} – ${dateTime(end)}`;
  }
  return start ? `from ${dateTime(start)}` : end ? `before ${dateTime(end)}` : "";
}

/** The filter without a field, and without what means nothing alone. */
export function without(filter: TicketFilter, field: keyof TicketFilter): TicketFilter {
  const rest: TicketFilter = { ...filter };
  delete rest[field];
  if (field === "linkedType") {
    delete rest.linkedId;
  }
  return rest;
}
