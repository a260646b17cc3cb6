import { describe, expect, it } from "vitest";
import { filterWords, isEmptyFilter } from "./filterWords";

describe("filterWords", () => {
  it("tells each field, and nothing of those that do not narrow", () => {
    expect(
      filterWords({
        statuses: ["TICKET_STATUS_OPEN", "TICKET_STATUS_NEW"],
        priorities: ["TICKET_PRIORITY_HIGH"],
        ownerRoles: ["ROLE_FINANCE"],
        unassigned: true,
        tagsAny: ["fraud"],
        tagsAll: [],
        linkedType: "LINKED_TYPE_BOOKING",
        linkedId: "BKG-1",
        text: "no payment",
      }),
    ).toEqual([
      "Open or New",
      "High priority",
      "Finance queue",
      "owned by nobody",
      "about Booking BKG-1",
      "tag fraud",
      "“no payment”",
    ]);
  });

  it("knows a filter that does not narrow, archived false among them", () => {
    expect(isEmptyFilter(undefined)).toBe(true);
    expect(isEmptyFilter({})).toBe(true);
    expect(isEmptyFilter({ statuses: [], archived: false })).toBe(true);
    expect(isEmptyFilter({ sensitive: false })).toBe(false);
  });
});
