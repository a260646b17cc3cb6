import { Code } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import {
  ExportEndedError,
  ExportFormat,
  ExportService,
  ExportStatus,
  exportTickets,
  TicketsError,
  type TicketsClient,
} from "../src/index.js";
import { failure, fakeServices } from "./fake_server.js";

const polls = { firstMs: 1, longestMs: 2 };
const CSV = { format: ExportFormat.CSV };

type Step = { status: ExportStatus; processedRecords?: bigint; errorMessage?: string } | Error;
const at = (processedRecords: bigint): Step => ({ status: ExportStatus.PROCESSING, processedRecords });
const DONE: Step = { status: ExportStatus.COMPLETED, processedRecords: 9n };

/** A service whose job is as the next step says, whenever it is asked for; the last one stays. */
async function exportsOf(t: TestContext, ...steps: Step[]): Promise<{ client: TicketsClient; cancelled: string[] }> {
  const cancelled: string[] = [];
  const { client } = await fakeServices(t, (router) => {
    router.service(ExportService, {
      createExportJob: () => ({ exportJob: { id: "job", status: ExportStatus.PENDING } }),
      getExportJob: () => {
        const step = steps.length > 1 ? steps.shift() : steps[0];
        if (!step || step instanceof Error) {
          throw step;
        }
        return { exportJob: { id: "job", ...step } };
      },
      cancelExportJob: ({ id }) => {
        cancelled.push(id);
        return {};
      },
    });
  });
  return { client, cancelled };
}

test("a job is followed to its end through failures that pass", async (t) => {
  const { client, cancelled } = await exportsOf(t, at(0n), failure(Code.Internal, "INTERNAL"), at(4n), DONE);
  const seen: bigint[] = [];
  const job = await exportTickets(client, CSV, { polls, onProgress: (each) => seen.push(each.processedRecords) });
  assert.equal(job.status, ExportStatus.COMPLETED);
  assert.deepEqual(seen.slice(-2), [4n, 9n]);
  assert.deepEqual(cancelled, []);
});

test("a job without a file is an error of its own", async (t) => {
  const gone = { status: ExportStatus.FAILED, errorMessage: "The file store was away." };
  const { client, cancelled } = await exportsOf(t, at(4n), gone);
  await assert.rejects(exportTickets(client, CSV, { polls }), (error) => {
    assert.ok(error instanceof ExportEndedError);
    assert.deepEqual([error.message, error.job.status], ["The file store was away.", ExportStatus.FAILED]);
    return true;
  });
  assert.deepEqual(cancelled, []);
});

test("the signal cancels the job", async (t) => {
  const { client, cancelled } = await exportsOf(t, at(0n), at(4n));
  const aborting = new AbortController();
  const onProgress = (job: { processedRecords: bigint }) => job.processedRecords && aborting.abort();
  await assert.rejects(exportTickets(client, CSV, { polls, onProgress, signal: aborting.signal }), {
    name: "AbortError",
  });
  assert.deepEqual(cancelled, ["job"]);
});

test("an error that stays ends it, and so does a server that stays away", async (t) => {
  const { client } = await exportsOf(t, failure(Code.NotFound, "EXPORT_JOB_NOT_FOUND"));
  const isMissing = (error: unknown) => error instanceof TicketsError && error.reason === "EXPORT_JOB_NOT_FOUND";
  await assert.rejects(exportTickets(client, CSV, { polls }), isMissing);
  const away = await exportsOf(t, failure(Code.Unavailable, "SHUTTING_DOWN"));
  await assert.rejects(
    exportTickets(away.client, CSV, { polls, patienceMs: 0 }),
    (error) => error instanceof TicketsError && error.code === Code.Unavailable,
  );
  assert.deepEqual(away.cancelled, ["job"]);
});
