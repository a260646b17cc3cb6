import { describe, expect, it } from "vitest";
import { cell, resultsCsv } from "./resultsCsv";

describe("cell", () => {
  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"])("neutralises %j", (text) => {
    expect(cell(text).replace(/^"/, "").startsWith("'")).toBe(true);
  });

  it("doubles an apostrophe at the beginning, so that taking one away restores every text", () => {
    expect(cell("'=1")).toBe("''=1");
  });

  it("quotes what would end a cell or a line", () => {
    expect(cell('a "b", c\nd')).toBe('"a ""b"", c\nd"');
    expect(cell('=HYPERLINK("x")')).toBe(`"'=HYPERLINK(""x"")"`);
    expect(cell("plain - text")).toBe("plain - text");
  });
});

describe("resultsCsv", () => {
  it("is a header and a line for each row", () => {
    const csv = resultsCsv([
      { ticketId: "TKT-1", outcome: "done", reason: "", message: "", status: "TICKET_STATUS_OPEN" },
      { ticketId: "TKT-2", outcome: "left", reason: "TICKET_CLOSED", message: "It is closed, so", status: undefined },
    ]);
    expect(csv).toBe(
      'ticket_id,outcome,status,reason,message\r\nTKT-1,changed,Open,,\r\nTKT-2,left out,,TICKET_CLOSED,"It is closed, so"\r\n',
    );
  });
});
