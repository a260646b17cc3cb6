import { expect, it } from "vitest";
import { type TextPart, textParts } from "./textLinks";

const links = (text: string) => textParts(text).filter(({ kind }) => kind !== "text");
const address = (text: string, href = text): TextPart => ({ kind: "address", text, href });

it("tells addresses and numbers of tickets from the words around them", () => {
  expect(textParts("See TKT-1001, https://maps.example/a?b=1#c and tkt-7.")).toEqual([
    { kind: "text", text: "See " },
    { kind: "ticket", text: "TKT-1001", id: "TKT-1001" },
    { kind: "text", text: ", " },
    address("https://maps.example/a?b=1#c"),
    { kind: "text", text: " and " },
    { kind: "ticket", text: "tkt-7", id: "TKT-7" },
    { kind: "text", text: "." },
  ]);
});

it.each([
  ["(https://a.example/x)", "https://a.example/x"],
  ["https://a.example/x_(y)", "https://a.example/x_(y)"],
  ["(see https://a.example/x_(y)).", "https://a.example/x_(y)"],
  ["“https://a.example/x”, or not", "https://a.example/x"],
  ["https://a.example/x?!", "https://a.example/x"],
  ["HTTPS://A.example/X", "HTTPS://A.example/X"],
  ["https://a.example/पार्सल", "https://a.example/पार्सल"],
  ["<https://a.example/>", "https://a.example/"],
])("of %s the address is %s", (text, found) => {
  expect(links(text).map((part) => part.text)).toEqual([found]);
});

it.each([
  "",
  "javascript:alert(1)",
  "data:text/html,x",
  "ftp://a.example",
  "rodistaa.in",
  "https://",
  "https://[",
  "XTKT-1",
  "TKT-x",
  "TKT-1234567890123456789",
])("finds nothing to follow in %j", (text) => {
  expect(links(text)).toEqual([]);
});

it.each(["a TKT-1 b https://a.example. c", "https://[ x https://b.example", "\n TKT-1\n\nTKT-2 "])(
  "loses nothing of %j",
  (text) => {
    expect(
      textParts(text)
        .map((part) => part.text)
        .join(""),
    ).toBe(text);
  },
);

it("is done at once with a long run of marks", () => {
  expect(links(`https://a.example/${")".repeat(20_000)}`)).toHaveLength(1);
});
