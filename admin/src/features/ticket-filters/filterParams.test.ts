import { describe, expect, it } from "vitest";
import type { TicketFilter } from "@/api/schemas";
import { LINKED_TYPES, PRIORITIES, ROLES, SLA_STATUSES, STATUSES } from "@/vocabulary/tickets";
import { compact, countFilters, filterFromParams, filterToParams, isSameFilter, parseFilter } from "./filterParams";

/** Numbers that look random and are the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const AWKWARD = ["me", "user:me", "a,b", "a&b=c", "100%", "x+y z", "ü ñ", "نواة", "#1", "?", "-", "no", "\u{1f69a}"];

function anyFilter(random: () => number): TicketFilter {
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;
  const some = <Value>(values: readonly Value[]): Value[] => [...new Set([pick(values), pick(values), pick(values)])];
  const keys = <Key extends string>(record: Record<Key, unknown>) => Object.keys(record) as Key[];
  const instant = (year: number) => new Date(Date.UTC(year, random() * 12, 1 + random() * 27)).toISOString();
  const range = () =>
    pick([{ start: instant(2024) }, { end: instant(2026) }, { start: instant(2024), end: instant(2026) }]);
  const linkedType = pick([undefined, ...keys(LINKED_TYPES)]);
  const all: TicketFilter = {
    statuses: some(keys(STATUSES)),
    priorities: some(keys(PRIORITIES)),
    ownerRoles: some(keys(ROLES)),
    slaStatuses: some(keys(SLA_STATUSES)),
    ownerId: pick([...AWKWARD, "reader"]),
    createdById: pick([...AWKWARD, "reader"]),
    unassigned: pick([true, false]),
    archived: pick([true, false]),
    sensitive: pick([true, false]),
    franchiseIds: some(AWKWARD),
    tagsAny: some(AWKWARD),
    tagsAll: some(AWKWARD),
    created: range(),
    updated: range(),
    due: range(),
    text: pick(AWKWARD),
  };
  const kept = Object.entries(all).filter(() => random() < 0.5);
  return {
    ...Object.fromEntries(kept),
    ...(linkedType && { linkedType, ...(random() < 0.5 && { linkedId: pick(AWKWARD) }) }),
  };
}

describe("filters in the address", () => {
  it("come back as they were, whatever they are", () => {
    const random = generator(7);
    for (let run = 0; run < 2_000; run += 1) {
      const filter = anyFilter(random);
      const address = filterToParams(filter, new URLSearchParams(), "reader").toString();
      expect(parseFilter(new URLSearchParams(address), "reader")).toEqual({ filter, ignored: [] });
    }
  });

  it("leave other parameters alone, and nothing of the filter before", () => {
    const before = new URLSearchParams("q=late&sort=due&status=open&owner=me&created_from=2026-01-01T00:00:00Z");
    expect(filterToParams({ priorities: ["TICKET_PRIORITY_HIGH"] }, before).toString()).toBe(
      "q=late&sort=due&priority=high",
    );
    expect(before.get("status")).toBe("open");
  });

  it("are short enough to be read", () => {
    const filter: TicketFilter = {
      statuses: ["TICKET_STATUS_OPEN", "TICKET_STATUS_NEW"],
      priorities: ["TICKET_PRIORITY_HIGH"],
      ownerId: "priya",
    };
    expect(decodeURIComponent(filterToParams(filter, undefined, "priya").toString())).toBe(
      "status=open,new&priority=high&owner=me",
    );
  });

  it("mean whoever reads them", () => {
    expect(filterFromParams(new URLSearchParams("owner=me"), "noa")).toEqual({ ownerId: "noa" });
    expect(filterFromParams(new URLSearchParams("owner=user:me"), "noa")).toEqual({ ownerId: "me" });
  });

  it.each([
    ["status=opne,new", "status", "opne"],
    ["priority=urgent&status=new", "priority", "urgent"],
    ["linked=spaceship&status=new", "linked", "spaceship"],
    ["linked_id=BKG-1&status=new", "linked_id", "BKG-1"],
    ["archived=perhaps&status=new", "archived", "perhaps"],
    ["created_from=yesterday&status=new", "created_from", "yesterday"],
    ["due_to=0001-01-01T00:00:00Z&status=new", "due_to", "0001-01-01T00:00:00Z"],
  ])("say what they do not know: %s", (address, name, value) => {
    expect(parseFilter(new URLSearchParams(address))).toEqual({
      filter: { statuses: ["TICKET_STATUS_NEW"] },
      ignored: [{ name, value }],
    });
  });

  it("never hold a range that ends before it starts", () => {
    const params = new URLSearchParams("due_from=2026-02-01T00:00:00Z&due_to=2026-01-01T00:00:00Z");
    expect(parseFilter(params)).toEqual({
      filter: { due: { start: "2026-02-01T00:00:00Z" } },
      ignored: [{ name: "due_to", value: "2026-01-01T00:00:00Z" }],
    });
  });
});

describe("comparing filters", () => {
  it("takes no notice of order, and of what says nothing", () => {
    expect(
      isSameFilter(
        { statuses: ["TICKET_STATUS_NEW", "TICKET_STATUS_OPEN"], tagsAny: [], archived: false },
        { text: "", statuses: ["TICKET_STATUS_OPEN", "TICKET_STATUS_NEW"] },
      ),
    ).toBe(true);
    expect(isSameFilter({ archived: true }, {})).toBe(false);
    expect(isSameFilter({ unassigned: false }, {})).toBe(false);
  });

  it("takes equal instants for equal", () => {
    expect(
      isSameFilter({ due: { start: "2026-01-01T00:00:00Z" } }, { due: { start: "2026-01-01T05:30:00+05:30" } }),
    ).toBe(true);
  });

  it("counts a linked thing once", () => {
    expect(countFilters({ linkedType: "LINKED_TYPE_BOOKING", linkedId: "BKG-1", tagsAny: [] })).toBe(1);
    expect(compact({ due: {} })).toEqual({});
  });
});
