import { parsed } from "./metadataJson";
import { lengthOfNumber, numberProblem } from "./metadataNumbers";

/** Metadata while somebody edits it: rows of names and values, or the whole as JSON text. */

export type Metadata = { [name: string]: unknown };

export type ValueKind = "text" | "number" | "boolean" | "json";

/** `text` is what stands in the field, whatever the kind: "true" or "false" for a boolean. */
export type MetadataRow = { key: string; name: string; kind: ValueKind; text: string };

export type MetadataDraft = { rows: MetadataRow[]; json: null } | { rows: null; json: string };

/** What keeps a draft from being saved: of rows by their keys, `whole` of all of it. */
export type Problems = {
  rows: ReadonlyMap<string, { field: "name" | "value"; words: string }>;
  whole: string | null;
};

/** What the API takes, as compact JSON in UTF-8. */
export const BYTES_MAX = 16 * 1024;
const DEPTH_MAX = 20;

/** Characters of JSON that are read well in one line. */
const LINE = 40;

/** No control characters but tab and line breaks, and no halves of characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

export function emptyRow(): MetadataRow {
  return { key: crypto.randomUUID(), name: "", kind: "text", text: "" };
}

/** In rows; as JSON where a row cannot hold it, such as a value without a name. */
export function draftOf(metadata: Metadata = {}): MetadataDraft {
  const rows = Object.entries(metadata).map(([name, value]) => ({ ...emptyRow(), name, ...asText(value) }));
  return readRows(rows).problems === null ? { rows, json: null } : asJson(metadata);
}

/** Whether something that was kept is a draft of this form. */
export function isMetadataDraft(kept: unknown): kept is MetadataDraft {
  if (typeof kept !== "object" || kept === null || !("rows" in kept) || !("json" in kept)) {
    return false;
  }
  const isRow = (row: unknown) =>
    typeof row === "object" &&
    row !== null &&
    ["key", "name", "kind", "text"].every((part) => typeof (row as Record<string, unknown>)[part] === "string");
  return kept.rows === null
    ? typeof kept.json === "string"
    : kept.json === null && Array.isArray(kept.rows) && kept.rows.every(isRow);
}

/** Whether nothing was written. */
export function isEmptyDraft(draft: MetadataDraft | undefined): boolean {
  return draft === undefined || (draft.rows === null ? draft.json.trim() === "" : draft.rows.every(isBlank));
}

/** For editing all of it as text. */
export function asJson(metadata: Metadata): MetadataDraft {
  return { rows: null, json: Object.keys(metadata).length === 0 ? "" : JSON.stringify(metadata, null, 2) };
}

/** What a draft says, and what is wrong with it. Rows without name and value are nothing. */
export function readMetadata(draft: MetadataDraft): { metadata: Metadata; problems: Problems | null } {
  return draft.rows === null ? readJson(draft.json) : readRows(draft.rows);
}

function readRows(rows: readonly MetadataRow[]): { metadata: Metadata; problems: Problems | null } {
  const entries = new Map<string, unknown>();
  const wrong = new Map<string, { field: "name" | "value"; words: string }>();
  for (const row of rows) {
    if (isBlank(row)) {
      continue;
    }
    const value = readRow(row);
    if (row.name === "") {
      wrong.set(row.key, { field: "name", words: "Give it a name." });
    } else if (entries.has(row.name)) {
      wrong.set(row.key, { field: "name", words: "Another row has this name." });
    } else if (textProblem(row.name) !== null) {
      wrong.set(row.key, { field: "name", words: textProblem(row.name) ?? "" });
    } else if (value.problem !== null) {
      wrong.set(row.key, { field: "value", words: value.problem });
    }
    entries.set(row.name, value.problem === null ? value.value : null);
  }
  const metadata = Object.fromEntries(entries);
  const whole = wrong.size === 0 ? sizeProblem(metadata) : null;
  return { metadata, problems: wrong.size > 0 || whole !== null ? { rows: wrong, whole } : null };
}

function readJson(text: string): { metadata: Metadata; problems: Problems | null } {
  const refused = (whole: string) => ({ metadata: {}, problems: { rows: new Map(), whole } });
  if (text.trim() === "") {
    return { metadata: {}, problems: null };
  }
  const { value, problem } = parsed(text);
  if (problem !== null) {
    return refused(problem);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refused("It has to be an object: { … }.");
  }
  const whole = jsonProblem(value, 0) ?? sizeProblem(value);
  return whole === null ? { metadata: value as Metadata, problems: null } : refused(whole);
}

/** Takes a value from one kind to another; what cannot be taken along stays as text, to be mended. */
export function withKind(row: MetadataRow, kind: ValueKind): MetadataRow {
  const { value, problem } = readRow(row);
  if (kind === row.kind) {
    return row;
  }
  if (kind === "boolean") {
    return { ...row, kind, text: row.text.trim().toLowerCase() === "true" ? "true" : "false" };
  }
  if (kind === "json") {
    return { ...row, kind, text: row.text === "" || problem !== null ? row.text : JSON.stringify(value) };
  }
  return { ...row, kind, text: row.kind === "json" && typeof value === "string" ? value : row.text };
}

/** A line for each name, to be read: texts as they are, the rest as JSON. */
export function metadataLines(metadata: Metadata = {}): string {
  return Object.entries(metadata)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}

/** How large it is for the API, in bytes. Of numbers that the server writes in another way its own way counts. */
export function sizeOfMetadata(metadata: object): number {
  return new TextEncoder().encode(JSON.stringify(metadata)).length + longerForServer(metadata);
}

/** May be below 0. */
function longerForServer(value: unknown): number {
  if (typeof value === "number") {
    return lengthOfNumber(value) - JSON.stringify(value).length;
  }
  if (typeof value !== "object" || value === null) {
    return 0;
  }
  return Object.values(value).reduce((sum: number, each) => sum + longerForServer(each), 0);
}

function isBlank({ name, kind, text }: MetadataRow): boolean {
  return name === "" && (kind === "boolean" || text === "");
}

function asText(value: unknown): { kind: ValueKind; text: string } {
  switch (typeof value) {
    case "string":
      return { kind: "text", text: value };
    case "number":
      return { kind: "number", text: String(value) };
    case "boolean":
      return { kind: "boolean", text: String(value) };
    default: {
      const line = JSON.stringify(value);
      return { kind: "json", text: line.length <= LINE ? line : JSON.stringify(value, null, 2) };
    }
  }
}

type Value = { value: unknown; problem: string | null };

function readRow({ kind, text }: MetadataRow): Value {
  switch (kind) {
    case "text":
      return { value: text, problem: textProblem(text) };
    case "boolean":
      return { value: text === "true", problem: null };
    case "number":
      return { value: Number(text), problem: numberProblem(text.trim()) };
    case "json": {
      const { value, problem } = parsed(text);
      return { value, problem: problem ?? jsonProblem(value, 1) };
    }
  }
}

function textProblem(text: string): string | null {
  if (CONTROL.test(text)) {
    return "It holds a control character, which cannot be kept.";
  }
  return HALF.test(text) ? "It holds half a character, which cannot be kept." : null;
}

function jsonProblem(value: unknown, depth: number): string | null {
  if (depth > DEPTH_MAX) {
    return `It is nested more than ${DEPTH_MAX} levels deep.`;
  }
  if (typeof value === "string") {
    return textProblem(value);
  }
  if (typeof value !== "object" || value === null) {
    return null;
  }
  const inside = Array.isArray(value) ? value : [...Object.keys(value), ...Object.values(value)];
  for (const each of inside) {
    const problem = jsonProblem(each, depth + 1);
    if (problem !== null) {
      return problem;
    }
  }
  return null;
}

function sizeProblem(metadata: object): string | null {
  const bytes = sizeOfMetadata(metadata);
  return bytes > BYTES_MAX ? `It has ${kib(bytes)} KiB; 16 KiB is the most.` : null;
}

/** Kibibytes with one decimal. */
export function kib(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}
