/**
 * Filters as parameters of the address, short enough to be read and typed: `status=open,new&priority=high&owner=me`.
 * Enums are the contract's names without their prefix, several of them joined by commas; free texts stand alone, and
 * are given again for more of them.
 */
import type { Schemas, TicketFilter } from "@/api/schemas";
import { LINKED_TYPES, PRIORITIES, ROLES, SLA_STATUSES, STATUSES } from "@/vocabulary/tickets";

type TimeRange = Schemas["TimeRange"];

/** A value of the address that is no filter, such as `status=opne`. */
export type Ignored = { name: string; value: string };

/** Stands for whoever reads the address, so that "my tickets" is a link that one may send to others. */
const ME = "me";
/** Before the user id of somebody who happens to be called "me". */
const LITERALLY = "user:";
/** As the contract has it, for each repeated field. */
const MOST_VALUES = 100;

type Enumerated = "statuses" | "priorities" | "ownerRoles" | "slaStatuses";
type Texts = "franchiseIds" | "tagsAny" | "tagsAll";
type People = "ownerId" | "createdById";
type Ranges = "created" | "updated" | "due";
type Flags = "archived" | "sensitive";

const ENUMS: Readonly<Record<Enumerated, { name: string; prefix: string; values: object }>> = {
  statuses: { name: "status", prefix: "TICKET_STATUS_", values: STATUSES },
  priorities: { name: "priority", prefix: "TICKET_PRIORITY_", values: PRIORITIES },
  ownerRoles: { name: "queue", prefix: "ROLE_", values: ROLES },
  slaStatuses: { name: "sla", prefix: "SLA_STATUS_", values: SLA_STATUSES },
};
const TEXTS: Readonly<Record<Texts, string>> = { franchiseIds: "franchise", tagsAny: "tag", tagsAll: "all_tags" };
const PEOPLE: Readonly<Record<People, string>> = { ownerId: "owner", createdById: "creator" };
const RANGES: Readonly<Record<Ranges, string>> = { created: "created", updated: "updated", due: "due" };
const FLAGS: Readonly<Record<Flags, string>> = { archived: "archived", sensitive: "sensitive" };
const LINKED_PREFIX = "LINKED_TYPE_";

/** Every parameter that tells of a filter. */
const FILTER_PARAMS: readonly string[] = [
  ...Object.values(ENUMS).map(({ name }) => name),
  ...Object.values(TEXTS),
  ...Object.values(PEOPLE),
  ...Object.values(RANGES).flatMap((name) => [`${name}_from`, `${name}_to`]),
  ...Object.values(FLAGS),
  "assigned",
  "linked",
  "linked_id",
  "text",
];

/** Puts a filter in the place of the one that `params` tell of, which are left as they are. `me` is who reads it. */
export function filterToParams(
  filter: TicketFilter,
  params: URLSearchParams = new URLSearchParams(),
  me?: string,
): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const name of FILTER_PARAMS) {
    next.delete(name);
  }
  for (const [field, { name, prefix }] of entries(ENUMS)) {
    const values = filter[field] ?? [];
    if (values.length > 0) {
      next.set(name, values.map((value) => value.slice(prefix.length).toLowerCase()).join(","));
    }
  }
  for (const [field, name] of entries(PEOPLE)) {
    const id = filter[field];
    if (id) {
      next.set(name, id === me ? ME : id === ME || id.startsWith(LITERALLY) ? LITERALLY + id : id);
    }
  }
  for (const [field, name] of entries(TEXTS)) {
    for (const value of filter[field] ?? []) {
      next.append(name, value);
    }
  }
  for (const [field, name] of entries(RANGES)) {
    const { start, end } = filter[field] ?? {};
    setIf(next, `${name}_from`, start);
    setIf(next, `${name}_to`, end);
  }
  for (const [field, name] of entries(FLAGS)) {
    setIf(next, name, yesOrNo(filter[field]));
  }
  setIf(next, "assigned", yesOrNo(filter.unassigned === undefined ? undefined : !filter.unassigned));
  setIf(next, "linked", filter.linkedType?.slice(LINKED_PREFIX.length).toLowerCase());
  setIf(next, "linked_id", filter.linkedId);
  setIf(next, "text", filter.text);
  return next;
}

/** The filter that an address tells of. What it does not know is left out; `parseFilter` says what that was. */
export function filterFromParams(params: URLSearchParams, me?: string): TicketFilter {
  return parseFilter(params, me).filter;
}

/** Whether what the address means depends on who reads it. */
export function dependsOnReader(params: URLSearchParams): boolean {
  return Object.values(PEOPLE).some((name) => params.get(name) === ME);
}

/** As `filterFromParams`, with the values that were left out since they are unknown. */
export function parseFilter(params: URLSearchParams, me?: string): { filter: TicketFilter; ignored: Ignored[] } {
  const filter: TicketFilter = {};
  const ignored: Ignored[] = [];
  const ignore = (name: string) => ignored.push({ name, value: params.get(name) ?? "" });

  for (const [field, { name, prefix, values }] of entries(ENUMS)) {
    const given = params.getAll(name).flatMap((text) => text.split(",").filter(Boolean));
    const known = new Set<string>();
    for (const text of given) {
      const value = prefix + text.toUpperCase();
      if (value in values) {
        known.add(value);
      } else {
        ignored.push({ name, value: text });
      }
    }
    if (known.size > 0) {
      // Each is a key of the record of that enum's names.
      Object.assign(filter, { [field]: [...known] });
    }
  }
  for (const [field, name] of entries(PEOPLE)) {
    const text = params.get(name)?.trim();
    if (text === ME && me === undefined) {
      ignore(name);
    } else if (text) {
      filter[field] = text === ME ? me : text.startsWith(LITERALLY) ? text.slice(LITERALLY.length) : text;
    }
  }
  for (const [field, name] of entries(TEXTS)) {
    const values = [...new Set(params.getAll(name).filter((text) => text.trim()))];
    if (values.length > 0) {
      filter[field] = values.slice(0, MOST_VALUES);
      ignored.push(...values.slice(MOST_VALUES).map((value) => ({ name, value })));
    }
  }
  for (const [field, name] of entries(RANGES)) {
    const range: TimeRange = {};
    for (const [end, param] of [
      ["start", `${name}_from`],
      ["end", `${name}_to`],
    ] as const) {
      const text = params.get(param);
      if (text !== null && isInstant(text)) {
        range[end] = text;
      } else if (text !== null) {
        ignore(param);
      }
    }
    if (range.start && range.end && Date.parse(range.end) <= Date.parse(range.start)) {
      ignore(`${name}_to`);
      range.end = undefined;
    }
    if (range.start || range.end) {
      filter[field] = withoutUnset(range);
    }
  }
  for (const [field, name] of entries(FLAGS)) {
    const flag = flagOf(params, name, ignore);
    if (flag !== undefined) {
      filter[field] = flag;
    }
  }
  const assigned = flagOf(params, "assigned", ignore);
  if (assigned !== undefined) {
    filter.unassigned = !assigned;
  }
  parseLinked(params, filter, ignore);
  const text = params.get("text")?.trim();
  if (text) {
    filter.text = text;
  }
  return { filter, ignored };
}

function parseLinked(params: URLSearchParams, filter: TicketFilter, ignore: (name: string) => void): void {
  const type = params.get("linked");
  const id = params.get("linked_id")?.trim();
  if (type) {
    const value = LINKED_PREFIX + type.toUpperCase();
    if (value in LINKED_TYPES) {
      filter.linkedType = value as keyof typeof LINKED_TYPES;
    } else {
      ignore("linked");
    }
  }
  if (id && filter.linkedType) {
    filter.linkedId = id;
  } else if (id) {
    ignore("linked_id");
  }
}

/** Whether two filters mean the same, whatever the order of their values. */
export function isSameFilter(one: TicketFilter, other: TicketFilter): boolean {
  return canonical(one) === canonical(other);
}

/** How many fields narrow. */
export function countFilters(filter: TicketFilter): number {
  return Object.keys(compact(filter)).length - (filter.linkedType && filter.linkedId ? 1 : 0);
}

/** A filter without the fields that say nothing: empty lists, empty texts, and `archived` where it is false. */
export function compact(filter: TicketFilter): TicketFilter {
  const said = Object.entries(filter).filter(
    ([field, value]) =>
      value !== undefined &&
      value !== "" &&
      !(Array.isArray(value) && value.length === 0) &&
      !(field === "archived" && value === false) &&
      !(isRange(value) && !value.start && !value.end),
  );
  return Object.fromEntries(said);
}

function canonical(filter: TicketFilter): string {
  const sorted = Object.entries(compact(filter)).map(([field, value]) => [
    field,
    Array.isArray(value)
      ? [...value].sort()
      : isRange(value)
        ? [value.start && Date.parse(value.start), value.end && Date.parse(value.end)]
        : value,
  ]);
  return JSON.stringify(sorted.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)));
}

function isRange(value: unknown): value is TimeRange {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutUnset(range: TimeRange): TimeRange {
  return { ...(range.start && { start: range.start }), ...(range.end && { end: range.end }) };
}

/** An instant that the API takes. */
function isInstant(text: string): boolean {
  const year = new Date(text).getUTCFullYear();
  return /^\d{4}-\d\d-\d\dT/.test(text) && year >= 2000 && year <= 2200;
}

function flagOf(params: URLSearchParams, name: string, ignore: (name: string) => void): boolean | undefined {
  const text = params.get(name);
  if (text === "yes" || text === "no") {
    return text === "yes";
  }
  if (text !== null) {
    ignore(name);
  }
  return undefined;
}

function yesOrNo(flag: boolean | undefined): string | undefined {
  return flag === undefined ? undefined : flag ? "yes" : "no";
}

function setIf(params: URLSearchParams, name: string, value: string | undefined): void {
  if (value) {
    params.set(name, value);
  }
}

function entries<Key extends string, Value>(record: Readonly<Record<Key, Value>>): [Key, Value][] {
  return Object.entries(record) as [Key, Value][];
}
