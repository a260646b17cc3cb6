import { Progress, theme } from "antd";
import type { ExportJob } from "@/api/schemas";
import { useNow } from "@/ui/useNow";
import { lengthOf } from "@/vocabulary/time";
import { isRunning, numberOf, progressOf } from "./progress";

/** How far a job is that waits or is being written. */
export function ExportProgress({ job }: { job: ExportJob }) {
  const now = useNow(1_000);
  const { token } = theme.useToken();
  const { processed, total, percent, secondsLeft } = progressOf(job, now);
  if (!isRunning(job)) {
    return null;
  }
  const isWaiting = job.status === "EXPORT_STATUS_PENDING";
  const words = isWaiting
    ? "Waiting for a worker"
    : total === null
      ? `${numberOf(processed)} written`
      : `${numberOf(processed)} of ${numberOf(total)}`;
  return (
    <div className="export-progress">
      <Progress
        percent={percent ?? 0}
        status={isWaiting ? "normal" : "active"}
        showInfo={false}
        size="small"
        aria-label={`Export: ${words}`}
      />
      <span style={{ color: token.colorTextSecondary }}>
        {words}
        {percent !== null && !isWaiting && ` · ${percent} %`}
        {secondsLeft !== null && (secondsLeft < 1 ? " · nearly done" : ` · ${lengthOf(Math.ceil(secondsLeft))} left`)}
      </span>
    </div>
  );
}
