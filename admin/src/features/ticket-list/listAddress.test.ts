import { describe, expect, it } from "vitest";
import { readListAddress, wholeFilter, writeListAddress } from "./listAddress";
import { ORDERS, orderFromParam, orderOf, orderToParam, type TicketOrder } from "./ticketOrders";

describe("the list's address", () => {
  it("says nothing of what is usual", () => {
    const address = readListAddress(new URLSearchParams(), "asha");
    expect(address).toMatchObject({ filter: {}, query: "", order: "created_at desc", ignored: [] });
    expect(writeListAddress(address, new URLSearchParams(), "asha").toString()).toBe("");
  });

  it("comes back as it was, and leaves what is not its own", () => {
    const text = "dialog=create&status=new&owner=me&q=late+payment&sort=due&size=200&view=1";
    const address = readListAddress(new URLSearchParams(text), "asha");
    expect(address).toMatchObject({ query: "late payment", order: "sla_due_at asc", pageSize: 200, viewId: "1" });
    expect(address.filter).toEqual({ statuses: ["TICKET_STATUS_NEW"], ownerId: "asha" });
    const again = new URLSearchParams(writeListAddress(address, new URLSearchParams("dialog=create"), "asha"));
    expect(Object.fromEntries(again)).toEqual(Object.fromEntries(new URLSearchParams(text)));
  });

  it("says what it does not know", () => {
    const { ignored, order } = readListAddress(new URLSearchParams("sort=name&status=opne"), undefined);
    expect(order).toBe("created_at desc");
    expect(ignored).toEqual([
      { name: "status", value: "opne" },
      { name: "sort", value: "name" },
    ]);
  });

  it("makes one filter of words and filter", () => {
    expect(wholeFilter({ filter: { text: "bank" }, query: "late" })).toEqual({ text: "bank late" });
    expect(wholeFilter({ filter: {}, query: "" })).toEqual({});
  });
});

describe("orders", () => {
  it("come back from the address and from saved views", () => {
    for (const order of Object.keys(ORDERS) as TicketOrder[]) {
      expect(orderFromParam(orderToParam(order))).toBe(order);
      expect(orderOf(order)).toBe(order);
    }
  });

  it("are the API's where a saved view says little", () => {
    expect(orderOf("priority")).toBe("priority asc");
    expect(orderOf("")).toBe("created_at desc");
    expect(orderOf(undefined)).toBe("created_at desc");
  });
});
