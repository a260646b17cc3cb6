import { describe, expect, it } from "vitest";
import { dialogOf, offerOf } from "./actionOffer";
import { ALL_ACTIONS } from "./handlers";

describe("what is offered", () => {
  it("is nothing as long as the answer is not there", () => {
    const { moves, ...rest } = offerOf(undefined);
    expect(moves).toEqual([]);
    expect(Object.values(rest).every((each) => each === false)).toBe(true);
  });

  it("is what the API says, with escalating and resolving apart from other moves", () => {
    const offer = offerOf({
      transitions: ["TICKET_STATUS_IN_PROGRESS", "TICKET_STATUS_ESCALATED", "TICKET_STATUS_RESOLVED"],
      actions: ALL_ACTIONS,
    });
    expect(offer).toMatchObject({ assign: true, escalate: true, resolve: true, moves: ["TICKET_STATUS_IN_PROGRESS"] });
  });

  it("leaves out what the role may not", () => {
    const offer = offerOf({ transitions: [], actions: ["TICKET_ACTION_WATCH", "TICKET_ACTION_ADD_MESSAGE"] });
    expect(offer).toEqual({
      assign: false,
      escalate: false,
      resolve: false,
      message: true,
      moves: [],
      priority: false,
      sensitivity: false,
      archive: false,
      watch: true,
    });
  });

  it("asks in a dialog of its own before closing and reopening", () => {
    expect(dialogOf("TICKET_STATUS_CLOSED")).toBe("close");
    expect(dialogOf("TICKET_STATUS_REOPENED")).toBe("reopen");
    expect(dialogOf("TICKET_STATUS_AWAITING_FINANCE")).toBe("move");
  });
});
