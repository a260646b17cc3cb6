import { describe, expect, it } from "vitest";
import { sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
import { changedFields, compare, merge, patchOf, valuesOf } from "./editConflict";

const began = ticketFixture({ metadata: { source: "app", amount: 3 } });
const base = valuesOf(began);

describe("what is sent", () => {
  it("names the changed fields alone", () => {
    const mine = { ...base, title: "A title that is another one", tags: ["bank"] };
    expect(patchOf(base, mine)).toEqual({
      updateMask: "title,tags",
      body: { title: "A title that is another one", tags: ["bank"] },
    });
  });

  it("names both parts of a link, and gives no value for what is cleared", () => {
    const { updateMask, body } = patchOf(base, { ...base, linkedType: undefined, linkedId: undefined });
    expect(updateMask).toBe("linkedType,linkedId");
    expect(JSON.parse(JSON.stringify(body))).toEqual({});
  });

  it("is nothing when only spaces around, the order of keys, or the way to say none differ", () => {
    const alike = { ...base, title: ` ${base.title} `, metadata: { amount: 3, source: "app" } };
    expect(changedFields(base, alike)).toEqual([]);
    const bare = valuesOf(ticketFixture({ severity: "TICKET_SEVERITY_UNSPECIFIED", linkedId: "", tags: undefined }));
    expect(changedFields(bare, { ...bare, severity: undefined, tags: [], metadata: undefined })).toEqual([]);
  });
});

describe("when somebody else was faster", () => {
  const theirs = { ...began, title: "Their title of the same ticket", severity: "TICKET_SEVERITY_MAJOR" as const };

  it("tells whose change each field is, and leaves out what nobody or both changed alike", () => {
    const mine = { ...base, title: "My title of the same ticket", tags: ["neft"] };
    expect(compare(base, mine, theirs)).toEqual([
      { field: "title", standing: "both" },
      { field: "severity", standing: "theirs" },
      { field: "tags", standing: "mine" },
    ]);
    expect(compare(base, { ...base, title: theirs.title }, theirs)).toEqual([
      { field: "severity", standing: "theirs" },
    ]);
  });

  it("merges by itself what only one side changed", () => {
    const merged = merge(base, { ...base, tags: ["neft"] }, theirs, {});
    expect(merged).toMatchObject({ title: theirs.title, severity: "TICKET_SEVERITY_MAJOR", tags: ["neft"] });
  });

  it("waits for a choice where both did, and follows it", () => {
    const mine = { ...base, title: "My title of the same ticket" };
    expect(merge(base, mine, theirs, {})).toBeNull();
    expect(merge(base, mine, theirs, { title: "mine" })?.title).toBe(mine.title);
    expect(merge(base, mine, theirs, { title: "theirs" })?.title).toBe(theirs.title);
  });

  it("saves against theirs, so that only what is mine is sent", () => {
    const mine = { ...base, title: "My title of the same ticket", tags: ["neft"] };
    const merged = merge(base, mine, theirs, { title: "theirs" });
    expect(merged && patchOf(valuesOf(theirs), merged).updateMask).toBe("tags");
  });

  it("never takes withheld fields for empty ones", () => {
    const seen = { ...valuesOf(sensitiveTicket), description: "The photo is of somebody else." };
    expect(compare(seen, seen, sensitiveTicket)).toEqual([]);
    const mine = { ...seen, description: "The photo is of the driver's brother." };
    expect(compare(seen, mine, sensitiveTicket)).toEqual([{ field: "description", standing: "blind" }]);
    const left = merge(seen, mine, sensitiveTicket, { description: "theirs" });
    expect(left && patchOf(valuesOf(sensitiveTicket), left).updateMask).toBe("");
    const replaced = merge(seen, mine, sensitiveTicket, { description: "mine" });
    expect(replaced && patchOf(valuesOf(sensitiveTicket), replaced).body).toEqual({ description: mine.description });
  });
});
