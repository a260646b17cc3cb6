import { describe, expect, it } from "vitest";
import { FIXED_NOW, hoursFromNow } from "@/fixtures/now";
import { ticketFixture } from "@/fixtures/tickets";
import type { TicketPage } from "./listQueries";
import { announcementOf, applyEvents, type LiveEvent, NO_MARKS, type PagePlace } from "./liveChanges";
import type { TicketOrder } from "./ticketOrders";

const at = (id: string, hours: number, version = "3") =>
  ticketFixture({ id, createdAt: hoursFromNow(hours), updatedAt: hoursFromNow(hours), version });

const page = (nextPageToken = "more"): TicketPage => ({
  tickets: [at("TKT-3", -1), at("TKT-2", -2), at("TKT-1", -3)],
  found: {},
  nextPageToken,
  fetchedAt: Date.parse(FIXED_NOW),
});
const place = (given: Partial<PagePlace> = {}): PagePlace => ({
  order: "created_at desc",
  isFirst: true,
  mayInsert: true,
  ...given,
});
const ids = ({ tickets }: TicketPage) => tickets.map(({ id }) => id);
const apply = (events: LiveEvent[], given: Partial<PagePlace> = {}, of = page()) =>
  applyEvents(of, NO_MARKS, events, place(given));

describe("what a watch tells", () => {
  it("replaces a row where it stands, though the order would have it elsewhere", () => {
    const { page: after, marks } = apply([{ changed: at("TKT-2", 5, "4") }], { order: "updated_at desc" });
    expect(ids(after)).toEqual(["TKT-3", "TKT-2", "TKT-1"]);
    expect(after.tickets[1]?.version).toBe("4");
    expect([...marks.changed]).toEqual(["TKT-2"]);
  });

  it("passes over copies that are older, or the same", () => {
    const before = page();
    const after = applyEvents(
      before,
      NO_MARKS,
      [{ changed: at("TKT-2", -2, "2") }, { changed: at("TKT-2", -2, "3") }],
      place(),
    );
    expect(after).toEqual({ page: before, marks: NO_MARKS });
    expect(after.page).toBe(before);
    expect(after.marks).toBe(NO_MARKS);
  });

  it("compares versions as numbers", () => {
    const before = { ...page(), tickets: [at("TKT-2", -2, "9")] };
    expect(apply([{ changed: at("TKT-2", -2, "10") }], {}, before).page.tickets[0]?.version).toBe("10");
  });

  it("puts a new ticket on top of the first page of the newest", () => {
    const { page: after, marks } = apply([{ changed: at("TKT-4", 0) }]);
    expect(ids(after)).toEqual(["TKT-4", "TKT-3", "TKT-2", "TKT-1"]);
    expect(marks.pending.size).toBe(0);
  });

  it.each<[string, Partial<PagePlace>]>([
    ["while somebody points at rows", { mayInsert: false }],
    ["in another order", { order: "updated_at desc" }],
  ])("only counts it %s", (_, given) => {
    const { page: after, marks } = apply([{ changed: at("TKT-4", 0) }], given);
    expect(ids(after)).toEqual(["TKT-3", "TKT-2", "TKT-1"]);
    expect([...marks.pending]).toEqual(["TKT-4"]);
  });

  it("counts nothing that belongs to another page", () => {
    expect(apply([{ changed: at("TKT-0", -9) }]).marks.pending.size).toBe(0);
    expect(apply([{ changed: at("TKT-4", 0) }], { isFirst: false }).marks.pending.size).toBe(0);
    expect(apply([{ changed: at("TKT-0", -9) }], {}, page("")).marks.pending.size).toBe(1);
  });

  it.each<[TicketOrder, Partial<ReturnType<typeof at>>]>([
    ["priority desc", { priority: "TICKET_PRIORITY_CRITICAL" }],
    ["sla_due_at asc", { slaDueAt: hoursFromNow(-50) }],
  ])("knows the order %s", (order, given) => {
    const { marks } = apply([{ changed: { ...at("TKT-0", -9), ...given } }], { order });
    expect([...marks.pending]).toEqual(["TKT-0"]);
  });

  it("marks what no longer matches, until it does again", () => {
    const left = apply([{ left: "TKT-2" }, { left: "TKT-99" }]);
    expect(ids(left.page)).toHaveLength(3);
    expect([...left.marks.gone]).toEqual(["TKT-2"]);
    const back = applyEvents(left.page, left.marks, [{ changed: at("TKT-2", -2, "5") }], place());
    expect(back.marks.gone.size).toBe(0);
  });

  it("forgets what came and went before it was shown", () => {
    const { marks } = apply([{ changed: at("TKT-4", 0) }, { left: "TKT-4" }], { mayInsert: false });
    expect(marks.pending.size).toBe(0);
  });
});

describe("what is said of changes", () => {
  it("is one sentence, or nothing", () => {
    expect(announcementOf(1, 0, 0)).toBe("1 ticket changed");
    expect(announcementOf(2, 1, 3)).toBe("2 tickets changed, 1 no longer matches, 3 new or changed, not shown yet");
    expect(announcementOf(0, 0, 0)).toBe("");
  });
});
