import { describe, expect, it } from "vitest";
import type { BulkResult } from "@/api/schemas";
import { groupsOf, idsWith, mergedRows, rowsOf, unchangedIds } from "./bulkResults";

const refused = (ticketId: string, reason: "TRANSITION_NOT_ALLOWED" | "TICKET_CLOSED"): BulkResult => ({
  ticketId,
  error: { code: 9, reason: `ERROR_REASON_${reason}`, message: `Not so for ${ticketId}` },
});
const done = (ticketId: string): BulkResult => ({ ticketId, status: "TICKET_STATUS_OPEN" });
const checked = rowsOf([
  done("A"),
  refused("B", "TICKET_CLOSED"),
  refused("C", "TRANSITION_NOT_ALLOWED"),
  refused("D", "TRANSITION_NOT_ALLOWED"),
  done("E"),
]);

describe("rowsOf", () => {
  it("says by reason why a ticket was not changed", () => {
    const [row] = rowsOf([
      {
        ticketId: "A",
        error: {
          code: 9,
          reason: "ERROR_REASON_TRANSITION_NOT_ALLOWED",
          message: "A ticket in state AWAITING_FINANCE cannot become NEW.",
          metadata: { current_status: "AWAITING_FINANCE", allowed_statuses: "IN_PROGRESS,RESOLVED" },
        },
      },
    ]);
    expect(row?.message).toBe("The ticket is Awaiting finance. From there it can be moved to In progress or Resolved.");
  });
});

describe("groupsOf", () => {
  it("parts by reason: what was done first, then the most frequent", () => {
    const groups = groupsOf(checked, "Would be changed");
    expect(groups.map(({ label, rows }) => [label, rows.map(({ ticketId }) => ticketId)])).toEqual([
      ["Would be changed", ["A", "E"]],
      ["Not from its present state", ["C", "D"]],
      ["Closed", ["B"]],
    ]);
  });

  it("makes a reason that it does not know readable", () => {
    const groups = groupsOf(
      [{ ticketId: "A", outcome: "failed", reason: "ON_THE_MOON", message: "", status: undefined }],
      "",
    );
    expect(groups[0]?.label).toBe("On the moon");
  });

  it("tells those that were left out from those that failed for the same reason", () => {
    const rows = mergedRows(checked, rowsOf([refused("A", "TICKET_CLOSED"), done("E")]));
    expect(groupsOf(rows, "Changed").map(({ key }) => key)).toEqual([
      "done",
      "left:TRANSITION_NOT_ALLOWED",
      "failed:TICKET_CLOSED",
      "left:TICKET_CLOSED",
    ]);
  });
});

describe("mergedRows", () => {
  it("keeps the order and every ticket of the check", () => {
    const rows = mergedRows(checked, rowsOf([done("E"), refused("A", "TICKET_CLOSED")]));
    expect(rows.map(({ ticketId, outcome }) => `${ticketId} ${outcome}`)).toEqual([
      "A failed",
      "B left",
      "C left",
      "D left",
      "E done",
    ]);
    expect(unchangedIds(rows)).toEqual(["A", "B", "C", "D"]);
    expect(idsWith(rows, "done")).toEqual(["E"]);
  });
});

describe("mergedRows of a second attempt", () => {
  it("leaves what the first one has changed", () => {
    const first = mergedRows(checked, rowsOf([done("A"), refused("E", "TICKET_CLOSED")]));
    const second = mergedRows(first, rowsOf([done("B"), refused("C", "TICKET_CLOSED"), done("D"), done("E")]));
    expect(unchangedIds(second)).toEqual(["C"]);
  });
});

describe("rowsOf", () => {
  it("always says something of what failed", () => {
    expect(rowsOf([{ ticketId: "A", error: { code: 13 } }])[0]?.message).toBe("The service did not accept this.");
  });
});
