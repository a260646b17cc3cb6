import { theme } from "antd";
import type { ExportJob } from "@/api/schemas";
import { ToneTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { UserName } from "@/ui/UserName";
import { useNow } from "@/ui/useNow";
import { filterWords } from "@/vocabulary/filterWords";
import { EXPORT_FORMATS, EXPORT_STATUSES, wordOf } from "@/vocabulary/tickets";
import { ExportActions } from "./ExportActions";
import { ExportFacts } from "./ExportFacts";
import { ExportProgress } from "./ExportProgress";
import { hasFile, isRunning } from "./progress";

/** It was ready, and its file was deleted since. */
const EXPIRED = { label: "Expired", tone: "neutral" } as const;

/** One job of the list: what, by whom and when, how far, and what can be done with it. */
export function ExportRow({ job, withRequester }: { job: ExportJob; withRequester: boolean }) {
  const { token } = theme.useToken();
  const now = useNow(60_000);
  const isExpired = job.status === "EXPORT_STATUS_COMPLETED" && !hasFile(job, now);
  const { label, tone } = isExpired ? EXPIRED : wordOf(EXPORT_STATUSES, job.status);
  const phrases = filterWords(job.filter);
  return (
    <li className="export-row" style={{ borderColor: token.colorBorderSecondary }}>
      <div>
        <h2 className="export-row-title">
          <bdi>{phrases.length > 0 ? phrases.join(" · ") : "All tickets"}</bdi>
        </h2>
        <div className="export-row-meta" style={{ color: token.colorTextSecondary }}>
          <span>
            {wordOf(EXPORT_FORMATS, job.format).label}
            {job.includeMessages && " with messages"}
          </span>
          <span>
            · asked for <TimeAgo at={job.createdAt} />
          </span>
          {withRequester && (
            <span>
              by <UserName userId={job.requestedById} />
            </span>
          )}
        </div>
        {job.status === "EXPORT_STATUS_FAILED" && (
          <p className="export-row-error" style={{ color: token.colorErrorText }}>
            {job.errorMessage}
          </p>
        )}
      </div>
      <div>{isRunning(job) ? <ExportProgress job={job} /> : <ToneTag tone={tone}>{label}</ToneTag>}</div>
      <div className="export-row-actions">
        <ExportActions job={job} />
      </div>
      <ExportFacts job={job} />
    </li>
  );
}
