import { STATUSES, wordOf } from "@/vocabulary/tickets";
import type { Outcome, ResultRow } from "./bulkResults";

const OUTCOMES: Readonly<Record<Outcome, string>> = { done: "changed", failed: "failed", left: "left out" };
const HEADER = ["ticket_id", "outcome", "status", "reason", "message"];
const FORMULA = /^['=+\-@\t\r\n＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * Results as RFC 4180 with a header. Texts that a spreadsheet would run as a formula get an apostrophe before them, as
 * exports do; one that begins with an apostrophe gets another, so that taking one away restores every text.
 */
export function resultsCsv(rows: readonly ResultRow[]): string {
  const lines = rows.map(({ ticketId, outcome, status, reason, message }) =>
    [ticketId, OUTCOMES[outcome], status ? wordOf(STATUSES, status).label : "", reason, message].map(cell).join(","),
  );
  return `${[HEADER.join(","), ...lines].join("\r\n")}\r\n`;
}

/** One cell. */
export function cell(text: string): string {
  const neutral = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(neutral) ? `"${neutral.replaceAll('"', '""')}"` : neutral;
}

/** Has the browser keep a text as a file. */
export function saveText(text: string, fileName: string, type = "text/csv;charset=utf-8"): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // The download has begun by then; a browser that has not would find nothing.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
