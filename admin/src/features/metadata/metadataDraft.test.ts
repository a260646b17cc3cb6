import { describe, expect, it } from "vitest";
import {
  asJson,
  draftOf,
  emptyRow,
  type MetadataRow,
  readMetadata,
  sizeOfMetadata,
  type ValueKind,
  withKind,
} from "./metadataDraft";

const row = (name: string, kind: ValueKind, text: string): MetadataRow => ({ ...emptyRow(), name, kind, text });
const wordsOf = (...rows: MetadataRow[]) => [...(readMetadata({ rows, json: null }).problems?.rows.values() ?? [])];
const deep = (levels: number): unknown => (levels === 0 ? 1 : { in: deep(levels - 1) });

describe("what was read comes back as it was", () => {
  it.each([
    {},
    { route: "Pune to Chennai", empty: "", lines: "one\n\ttwo", دفع: "نعم", __proto: null },
    { amount: 48500, half: 0.5, tiny: 1e-15, huge: 1e21, below: -12.25, sum: 0.1 + 0.2, none: 0 },
    { paid: true, checked: false, nothing: null, legs: [1, "two", { three: [] }], party: { name: "A", of: {} } },
    JSON.parse('{"__proto__": "kept", "constructor": {"x": 1}}'),
  ])("%j", (metadata) => {
    for (const draft of [draftOf(metadata), asJson(metadata)]) {
      expect(readMetadata(draft)).toEqual({ metadata, problems: null });
    }
    expect(Object.keys(readMetadata(draftOf(metadata)).metadata)).toEqual(Object.keys(metadata));
  });

  it("is JSON where a row cannot hold it", () => {
    expect(draftOf({ "": 1 })).toEqual({ rows: null, json: '{\n  "": 1\n}' });
  });
});

describe("rows", () => {
  it("that are blank are nothing", () => {
    expect(readMetadata({ rows: [emptyRow(), row("", "boolean", "true"), row("a", "text", "")], json: null })).toEqual({
      metadata: { a: "" },
      problems: null,
    });
  });

  it("need a name that no other row has", () => {
    const rows = [row("a", "text", "1"), row("", "text", "2"), row("a", "text", "3")];
    const { problems } = readMetadata({ rows, json: null });
    expect(problems?.rows.get(rows[1]?.key ?? "")).toEqual({ field: "name", words: "Give it a name." });
    expect(problems?.rows.get(rows[2]?.key ?? "")).toEqual({ field: "name", words: "Another row has this name." });
  });

  it.each(["", "-", ".", "48,500", "1 000", "0x10", "NaN", "Infinity", "ten"])("take no number such as %j", (text) => {
    expect(wordsOf(row("n", "number", text))).toEqual([
      { field: "value", words: "This is no number. Write it as 48500 or 0.5." },
    ]);
  });

  it.each(["1e22", "-1e22", "1e-16", "1e999", "1e-999"])("take no number of the size of %s", (text) => {
    expect(wordsOf(row("n", "number", text))[0]?.words).toBe("Numbers are 0, or between 1e-15 and 1e+21 in size.");
  });

  it.each([
    ["007.50", 7.5],
    [" .5 ", 0.5],
    ["+5.", 5],
    ["-1E2", -100],
    ["9007199254740992", 2 ** 53],
  ])("read %j as a number", (text, value) => {
    expect(readMetadata({ rows: [row("n", "number", text)], json: null })).toEqual({
      metadata: { n: value },
      problems: null,
    });
  });

  it.each(["9007199254740993", "12345678901234567890", "0.12345678901234567890"])(
    "round no number: %s stays as text",
    (text) => {
      expect(wordsOf(row("n", "number", text))[0]?.words).toBe(
        "This has more digits than a number keeps. Keep it as text.",
      );
    },
  );

  it.each(["1".repeat(500_000), "0".repeat(500_000), `1${"0".repeat(500_000)}`])(
    "read half a million digits and a letter in a moment",
    (digits) => {
      for (const text of [`${digits}x`, `${digits}1e-500000x`, `.${digits}1`, `[${digits}1]`]) {
        expect(wordsOf(row("n", "number", text))).toHaveLength(1);
        expect(wordsOf(row("j", "json", text))).toHaveLength(1);
      }
    },
  );

  it("take no characters that the API does not", () => {
    for (const bad of ["\u0000", "a\u0007", "\u0085", "\ud800"]) {
      expect(wordsOf(row("t", "text", bad))).toHaveLength(1);
      expect(wordsOf(row(bad, "text", "t"))).toHaveLength(1);
      expect(wordsOf(row("j", "json", JSON.stringify([{ [bad]: 1 }])))).toHaveLength(1);
    }
    expect(wordsOf(row("t", "text", "\t\r\n😀"))).toEqual([]);
  });

  it("tell where JSON is none", () => {
    expect(wordsOf(row("j", "json", "  "))[0]?.words).toBe("Write a value as JSON.");
    expect(wordsOf(row("j", "json", "{"))[0]?.words).toMatch(/^This is no JSON: /);
    expect(wordsOf(row("j", "json", "[1e30]"))[0]?.words).toMatch(/^1e30: Numbers are 0/);
  });

  it("are nested 20 levels deep at the most, the row itself among them", () => {
    expect(wordsOf(row("j", "json", JSON.stringify(deep(19))))).toEqual([]);
    expect(wordsOf(row("j", "json", JSON.stringify(deep(20))))[0]?.words).toMatch(/more than 20 levels/);
  });

  it.each([
    ["9007199254740993", /^9007199254740993: This has more digits than a number keeps/],
    ['{"a": [0.12345678901234567890]}', /^0.12345678901234567890: This has more digits/],
    [`[-1${"1".repeat(60)}]`, /^Numbers are 0/],
    ["[1e-400]", /^1e-400: Numbers are 0/],
    ['{"a": 1, "b": {"a": 2}, "a": 3}', /^The name "a" stands there twice\.$/],
    ['[{"x": {"a": 1, "\\u0061" : 2}}]', /^The name "\\u0061" stands there twice\.$/],
    [`{"${"n".repeat(99)}": 1, "${"n".repeat(99)}": 2}`, /^The name "n{39}…" stands there twice\.$/],
  ])("lose nothing of JSON: %s is refused", (json, words) => {
    expect(wordsOf(row("j", "json", json))[0]).toMatchObject({ field: "value", words: expect.stringMatching(words) });
    const whole = readMetadata({ rows: null, json: `{"in": ${json}}` }).problems?.whole;
    expect(whole).toMatch(words);
  });

  it.each([
    '[{"a": 1}, {"a": 1}, ["a", "a"], "9007199254740993", "\\"a\\": 1e999", -0, 1.50, 1E2, 123456789012345680000]',
    '{"a": {"b": {}}, "b": "a", "\\\\": ":", "{": "}", "c:": [], "A": true, "": null}',
  ])("take JSON that says nothing twice: %s", (json) => {
    expect(wordsOf(row("j", "json", json))).toEqual([]);
  });

  it("count numbers as the server writes them", () => {
    const bytes = (value: unknown) => sizeOfMetadata({ n: value }) - '{"n":}'.length;
    const written = [
      ...["0", "-12", "48500.5", "0.0001", "1e-05", "1.25e-07", "1e-10", "9007199254740991", "9007199254740992.0"],
      ...["-9999999999999998.0", "1e+16", "1.2345678901234568e+19", "1e+20", "-1e+21", "123456.789"],
    ];
    expect(written.map((text) => bytes(Number(text)))).toEqual(written.map(({ length }) => length));
    expect(bytes([1e20, { a: [1e20] }])).toBe('[1e+20,{"a":[1e+20]}]'.length);
    const most = Math.floor((16 * 1024 - '{"n":[]}'.length + 1) / "1e+20,".length);
    const of = (count: number) => readMetadata(asJson({ n: Array<number>(count).fill(1e20) })).problems;
    expect(of(most)).toBeNull();
    expect(of(most + 1)?.whole).toMatch(/16 KiB is the most/);
  });

  it("have 16 KiB together, counted in bytes", () => {
    const of = (length: number) => readMetadata({ rows: [row("t", "text", "é".repeat(length))], json: null }).problems;
    const most = (16 * 1024 - '{"t":""}'.length) / 2;
    expect(of(most)).toBeNull();
    expect(of(most + 1)?.whole).toBe("It has 16.0 KiB; 16 KiB is the most.");
  });
});

describe("JSON of all of it", () => {
  it("is an object within the same limits", () => {
    const whole = (json: string) => readMetadata({ rows: null, json }).problems?.whole ?? null;
    expect(whole(" ")).toBeNull();
    expect(whole("[]")).toBe("It has to be an object: { … }.");
    expect(whole("{")).toMatch(/^This is no JSON: /);
    expect(whole(JSON.stringify(deep(20)))).toBeNull();
    expect(whole(JSON.stringify(deep(21)))).toMatch(/more than 20 levels/);
    expect(whole(JSON.stringify({ t: "x".repeat(17000) }))).toBe("It has 16.6 KiB; 16 KiB is the most.");
  });
});

describe("another type of a value", () => {
  const changed = (from: ValueKind, text: string, to: ValueKind) => withKind(row("a", from, text), to).text;

  it("takes along what was written", () => {
    expect(changed("text", "48500", "number")).toBe("48500");
    expect(changed("number", "48500", "text")).toBe("48500");
    expect(changed("text", "True", "boolean")).toBe("true");
    expect(changed("text", "paid", "boolean")).toBe("false");
    expect(changed("boolean", "true", "text")).toBe("true");
    expect(changed("text", 'say "yes"', "json")).toBe('"say \\"yes\\""');
    expect(changed("json", '"said"', "text")).toBe("said");
    expect(changed("json", "[1, 2]", "text")).toBe("[1, 2]");
    expect(changed("number", "12", "json")).toBe("12");
    expect(changed("text", "", "json")).toBe("");
  });

  it("loses no number that is none", () => {
    expect(changed("number", "ten", "json")).toBe("ten");
  });
});
