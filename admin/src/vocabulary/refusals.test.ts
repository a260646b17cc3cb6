import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fieldWords, inWords } from "./contractWords";
import { refusalWords } from "./refusals";

const CONTRACT = join(import.meta.dirname, "../../../proto/rodistaa/tickets/v1/errors.proto");
const REASONS = [...readFileSync(CONTRACT, "utf8").matchAll(/^ {2}ERROR_REASON_(\w+) = [1-9]\d*;/gm)].map(
  ([, name = ""]) => name,
);
/** As the server sends it, where it knows what the reason is about. */
const METADATA = {
  current_status: "AWAITING_FINANCE",
  requested_status: "NEW",
  allowed_statuses: "IN_PROGRESS,ESCALATED,RESOLVED",
  limit: "20",
  matched: "501+",
  mismatch: "checksum",
  retry_after_ms: "2400",
};
/** What people do not say: states and reasons in capitals, roles and fields with their underscores. */
const NAME_OF_CONTRACT = /\b(?:[A-Z]{3,}|[A-Z]+_[A-Z_]+|[a-z]+_[a-z_]+)\b(?<!SLA)/;

describe("refusalWords", () => {
  it("knows the contract's reasons", () => {
    expect(REASONS.length).toBeGreaterThan(50);
  });

  it.each(REASONS)("says %s in words of the page", (reason) => {
    const said = [
      refusalWords({ reason, metadata: METADATA, message: "AWAITING_FINANCE: takes ops_manager." }),
      refusalWords({ reason, message: "" }),
    ];
    for (const words of said) {
      expect(words).toMatch(/^[A-Z].*[.?]$/s);
      expect(words).not.toMatch(NAME_OF_CONTRACT);
      expect(words).not.toContain("undefined");
    }
  });

  it("tells what a ticket may be moved to by the names of its states", () => {
    const refused = { reason: "TRANSITION_NOT_ALLOWED", message: "A ticket in state NEW cannot become RESOLVED." };
    expect(refusalWords({ ...refused, metadata: { current_status: "NEW", allowed_statuses: "OPEN,ESCALATED" } })).toBe(
      "The ticket is New. From there it can be moved to Open or Escalated.",
    );
    expect(refusalWords({ ...refused, metadata: { current_status: "CLOSED", allowed_statuses: "" } })).toBe(
      "The ticket is Closed, and cannot be moved any more.",
    );
    expect(refusalWords(refused)).toBe("A ticket in state New cannot become Resolved.");
  });

  it("says whom an action takes", () => {
    const message = "Marking a sensitive ticket as not sensitive takes ops_manager or above, or compliance_officer.";
    expect(refusalWords({ reason: "ACTION_NOT_ALLOWED", message })).toBe(
      "Marking a sensitive ticket as not sensitive takes ops manager or above, or compliance officer.",
    );
  });

  it("names each field that is wrong as its form does", () => {
    const violations = [
      { field: "ticket.tags[1]", description: "must have 1 to 50 characters, has 0" },
      { field: "calendar.windows[0].closes_at", description: "must be after opens_at; see the next day" },
    ];
    expect(refusalWords({ reason: "INVALID_REQUEST", message: "ticket.tags[1]: (and 1 more)", violations })).toBe(
      "Tags: must have 1 to 50 characters, has 0. Closes: must be after “Opens”; see the next day.",
    );
    const message = "tags.add: TKT-1001 would have more than 20 tags";
    expect(refusalWords({ reason: "INVALID_REQUEST", message })).toBe(
      "Tags to add: TKT-1001 would have more than 20 tags.",
    );
  });

  it("tells a reason that it does not know as the server does, by the page's names", () => {
    expect(refusalWords({ reason: "ON_THE_MOON", message: "ESCALATED tickets go to hq_support." })).toBe(
      "Escalated tickets go to HQ support.",
    );
    expect(refusalWords({ reason: "", message: "" })).toBe("The service did not accept this.");
    expect(refusalWords({ reason: "toString", message: "No." })).toBe("No.");
  });
});

it("leaves alone what is no name of the contract", () => {
  for (const text of ["priya_ops is away: U+0000, UUID, KYC", "must be an IANA time zone such as Asia/Kolkata"]) {
    expect(inWords(text)).toBe(text);
  }
  expect(inWords("must be one of the states AWAITING_*")).toBe("must be one of the states Awaiting …");
});

it("makes names of fields readable", () => {
  expect(["request_id", "ticket.linked_type", "filter.statuses[2]", "webhook.url", ""].map(fieldWords)).toEqual([
    "Request id",
    "Linked to",
    "Statuses",
    "Address",
    "",
  ]);
});
