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
  ["https://a.example/x، https://a.example/y।", "https://a.example/x", "https://a.example/y"],
  ["HTTPS://A.example/X", "HTTPS://A.example/X"],
  ["https://a.example/पार्सल", "https://a.example/पार्सल"],
  ["<https://a.example/>", "https://a.example/"],
  ["https://a.example:8443/x", "https://a.example:8443/x"],
  ["https://a.example:443?q=@b.example", "https://a.example:443?q=@b.example"],
  ["https://127.0.0.1 https://[::1]:80/", "https://127.0.0.1", "https://[::1]:80/"],
  ["https://xn--n2bmgx2a5g.example/", "https://xn--n2bmgx2a5g.example/"],
  ["\u202ehttps://x.example/ni.aatsidor//:sptth\u202c", "https://x.example/ni.aatsidor//:sptth"],
  ["https://x.example/\u202eni.aatsidor", "https://x.example/"],
  ["https://rodistaa.in\u2066.x.example/", "https://rodistaa.in"],
  ["https://a.example/x\u200by", "https://a.example/x"],
  ["https://a.example/x\u0007y", "https://a.example/x"],
  ["https://a.example/x\u3164y", "https://a.example/x"],
])("of %j the address is %s", (text, ...found) => {
  expect(links(text).map((part) => part.text)).toEqual(found);
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
  "TKT-0",
  "TKT-01001",
  "ABC-TKT-1003",
  "T\u212aT-1",
])("finds nothing to follow in %j", (text) => {
  expect(links(text)).toEqual([]);
});

it.each([
  ["after a user's name", "https://rodistaa.in@evil.example/x"],
  ["after a name and a password", "https://rodistaa.in:443@evil.example/x"],
  ["after what is no path", "https://rodistaa.in%2f@evil.example"],
  ["after an empty name", "https://@evil.example"],
  ["before a backslash", "https://evil.example\\.rodistaa.in/x"],
  ["before a backslash and a name", "https://evil.example\\@rodistaa.in/x"],
  ["in another script", "https://rоdistaa.in/"],
  ["with a wide full stop", "https://evil。example/"],
  ["with a sign that reads as a slash", "https://rodistaa.in\u2215x.evil.example/"],
  ["with the sign of Kelvin", "https://\u212a.example/"],
  ["as a number", "https://0x7f000001/"],
  ["as a short number", "https://127.1/"],
  ["with an escaped character", "https://a%2eexample/"],
  ["after a third slash", "https:///evil.example/"],
])("leaves words an address whose host is written %s", (_how, text) => {
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

it("makes links of the first hundred, and loses nothing of the rest", () => {
  const text = "TKT-1 https://a.example ".repeat(400);
  const parts = textParts(text);
  expect(links(text)).toHaveLength(100);
  expect(parts).toHaveLength(200);
  expect(parts.map((part) => part.text).join("")).toBe(text);
});
