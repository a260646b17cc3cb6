import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Client } from "@connectrpc/connect";

import {
  ExportStatus,
  type ExportFormat,
  type ExportJob,
  type ExportService,
} from "./gen/rodistaa/tickets/v1/export_service_pb.js";
import type { TicketFilterSchema } from "./gen/rodistaa/tickets/v1/filter_pb.js";
import { pause } from "./pause.js";
import type { Backoff } from "./resuming.js";

/** A `TicketsClient`, or an object with this service alone, over any of Connect's transports. */
export interface ExportsClient {
  readonly exports: Client<typeof ExportService>;
}

export interface Export {
  readonly filter?: MessageInitShape<typeof TicketFilterSchema>;
  readonly format: ExportFormat;
  /** With the messages of each ticket. Default false. */
  readonly includeMessages?: boolean;
  /** UUID; an export that is repeated with the same one is the same job. */
  readonly requestId?: string;
}

export interface ExportOptions {
  /** Cancels the job; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Told of the job at the beginning, and whenever it was asked for. */
  readonly onProgress?: (job: ExportJob) => void;
  /** The pauses between questions. Default 300 ms to 2 s. */
  readonly polls?: Backoff;
  /** How long the server may be away while the job is waited for. Default five minutes. */
  readonly patienceMs?: number;
}

/** The export has no file: its job FAILED, or somebody cancelled it. */
export class ExportEndedError extends Error {
  override readonly name = "ExportEndedError";

  constructor(readonly job: ExportJob) {
    super(job.errorMessage || `The export is ${ExportStatus[job.status]}.`);
  }
}

// The job goes on whether we can ask for it or not.
const PASSING = new Set([
  Code.Unavailable,
  Code.ResourceExhausted,
  Code.Canceled,
  Code.Aborted,
  Code.DeadlineExceeded,
  Code.Internal,
  Code.Unknown,
]);
const PATIENCE_MS = 5 * 60_000;
const CANCELLING_MS = 5_000;

/**
 * Has a file made of all tickets that match and that the caller may see; resolves to the job once it is COMPLETED, with
 * a `download` that works for 5 minutes, and a `manifest` to check the file by.
 *
 * Throws ExportEndedError when the job ends without a file, and TicketsError when it is refused. Whatever else ends the
 * waiting, such as `signal` or an error of `onProgress`, cancels the job.
 */
export async function exportTickets(
  client: ExportsClient,
  { filter, format, includeMessages = false, requestId = crypto.randomUUID() }: Export,
  options: ExportOptions = {},
): Promise<ExportJob> {
  options.signal?.throwIfAborted();
  // The signal does not end this call: a job that was made nevertheless could not be cancelled.
  const exportJob = { format, includeMessages, ...(filter ? { filter } : {}) };
  const created = (await client.exports.createExportJob({ exportJob, requestId })).exportJob as ExportJob;
  try {
    return await ended(client, created, options);
  } catch (error) {
    if (!(error instanceof ExportEndedError)) {
      // It may have ended meanwhile, and the server may be away: neither is what the caller has to hear of.
      await client.exports.cancelExportJob({ id: created.id }, { timeoutMs: CANCELLING_MS }).catch(() => undefined);
    }
    throw error;
  }
}

async function ended(
  client: ExportsClient,
  created: ExportJob,
  { signal, onProgress, polls = { firstMs: 300, longestMs: 2_000 }, patienceMs = PATIENCE_MS }: ExportOptions,
): Promise<ExportJob> {
  let job = created;
  let heard = performance.now();
  for (let pauseMs = polls.firstMs; ; pauseMs = Math.min(pauseMs * 1.5, polls.longestMs)) {
    signal?.throwIfAborted();
    onProgress?.(job);
    if (job.status === ExportStatus.FAILED || job.status === ExportStatus.CANCELLED) {
      throw new ExportEndedError(job);
    }
    // The answer to a repeated request may say COMPLETED, without the download that getExportJob gives.
    if (job.status === ExportStatus.COMPLETED && job.download) {
      return job;
    }
    await pause(pauseMs * (0.75 + Math.random() * 0.25), signal);
    try {
      job = (await client.exports.getExportJob({ id: job.id }, signal ? { signal } : {})).exportJob as ExportJob;
      heard = performance.now();
    } catch (error) {
      signal?.throwIfAborted();
      const passes = error instanceof ConnectError && PASSING.has(error.code);
      if (!passes || performance.now() - heard > patienceMs) {
        throw error;
      }
      continue;
    }
    if (job.status === ExportStatus.COMPLETED) {
      onProgress?.(job);
      return job;
    }
  }
}
