import { describe, expect, it } from "vitest";
import { FIXED_NOW, hoursFromNow } from "@/fixtures/now";
import { hasFile, progressOf, ticketsOf } from "./progress";

const NOW = Date.parse(FIXED_NOW);
const writing = {
  status: "EXPORT_STATUS_PROCESSING",
  processedRecords: "4200",
  totalRecords: "10000",
  estimatedCompletionAt: new Date(NOW + 90_500).toISOString(),
} as const;

describe("progressOf", () => {
  it("tells the share and the time left", () => {
    expect(progressOf(writing, NOW)).toEqual({ processed: 4200, total: 10_000, percent: 42, secondsLeft: 90.5 });
  });

  it("never says that it is done before it is, nor that time is left below zero", () => {
    const late = progressOf({ ...writing, processedRecords: "10050" }, NOW + 3_600_000);
    expect(late).toMatchObject({ percent: 99, secondsLeft: 0 });
    expect(progressOf({ ...writing, status: "EXPORT_STATUS_COMPLETED" }, NOW)).toMatchObject({
      percent: 100,
      secondsLeft: null,
    });
  });

  it("says nothing of what is not known yet", () => {
    expect(progressOf({ status: "EXPORT_STATUS_PENDING" }, NOW)).toEqual({
      processed: 0,
      total: null,
      percent: null,
      secondsLeft: null,
    });
    expect(progressOf({ ...writing, processedRecords: "0", totalRecords: "0" }, NOW).percent).toBeNull();
  });
});

it("offers a file until it expires", () => {
  const job = { status: "EXPORT_STATUS_COMPLETED", expiresAt: hoursFromNow(1) } as const;
  expect(hasFile(job, NOW)).toBe(true);
  expect(hasFile({ ...job, expiresAt: FIXED_NOW }, NOW)).toBe(false);
  expect(hasFile(writing, NOW)).toBe(false);
});

it("tells counts for people", () => {
  expect(["1", 1284].map(ticketsOf)).toEqual(["1 ticket", "1,284 tickets"]);
});
