import { expect, it } from "vitest";
import { ticketIdOf } from "./ticketNumber";

it.each([
  ["TKT-1001", "TKT-1001"],
  [" tkt 1001 ", "TKT-1001"],
  ["#1001", "TKT-1001"],
  ["tkt1001", "TKT-1001"],
  ["1001", undefined],
  ["TKT-1001 late", undefined],
  ["TKT-", undefined],
])("%s", (text, id) => {
  expect(ticketIdOf(text)).toBe(id);
});
