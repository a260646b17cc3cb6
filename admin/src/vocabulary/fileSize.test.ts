import { expect, it } from "vitest";
import { sizeOf } from "./fileSize";

it.each([
  [undefined, "0 B"],
  [812, "812 B"],
  [1024, "1 KB"],
  ["482133", "471 KB"],
  [26_214_400, "25 MB"],
  ["123456789012", "115 GB"],
])("tells %s bytes for people", (bytes, told) => {
  expect(sizeOf(bytes)).toBe(told);
});
