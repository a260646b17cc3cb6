import type { ExportJob } from "@/api/schemas";

/** Whether it may still change. */
export function isRunning({ status }: ExportJob): boolean {
  return status === "EXPORT_STATUS_PENDING" || status === "EXPORT_STATUS_PROCESSING";
}

/** Whether there is a file to get now. */
export function hasFile({ status, expiresAt }: ExportJob, nowMs: number): boolean {
  return status === "EXPORT_STATUS_COMPLETED" && (!expiresAt || Date.parse(expiresAt) > nowMs);
}

export type Progress = {
  processed: number;
  /** Null until it is known. */
  total: number | null;
  /** 0 to 100, never more, whatever is counted; null while there is nothing to divide by. */
  percent: number | null;
  /** Until it should be done; null when that cannot be told. */
  secondsLeft: number | null;
};

/** How far a job is at an instant. 100 % is kept for what is done: the file is packed and stored after its last row. */
export function progressOf(job: ExportJob, nowMs: number): Progress {
  const processed = Number(job.processedRecords ?? 0);
  const total = job.totalRecords === undefined ? null : Number(job.totalRecords);
  const isDone = job.status === "EXPORT_STATUS_COMPLETED";
  const share = total === null || total === 0 ? null : Math.floor((processed / total) * 100);
  const doneAt = job.status === "EXPORT_STATUS_PROCESSING" ? job.estimatedCompletionAt : undefined;
  return {
    processed,
    total,
    percent: isDone ? 100 : share === null ? null : Math.min(99, Math.max(0, share)),
    secondsLeft: doneAt === undefined ? null : Math.max(0, (Date.parse(doneAt) - nowMs) / 1000),
  };
}

const NUMBER = new Intl.NumberFormat("en-IN");

/** "1,284" */
export function numberOf(count: number | string | undefined): string {
  return NUMBER.format(Number(count ?? 0));
}

/** "1 ticket", "1,284 tickets" */
export function ticketsOf(count: number | string | undefined): string {
  return Number(count ?? 0) === 1 ? "1 ticket" : `${numberOf(count)} tickets`;
}
