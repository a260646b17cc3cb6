import { Typography, theme } from "antd";
import type { ExportJob } from "@/api/schemas";
import { useNow } from "@/ui/useNow";
import { sizeOf } from "@/vocabulary/fileSize";
import { dateTime, preciseDateTime } from "@/vocabulary/time";
import { hasFile, ticketsOf } from "./progress";

/** What the file of a completed job holds, to check it by, and how long it is kept. */
export function ExportFacts({ job }: { job: ExportJob }) {
  const now = useNow(60_000);
  const { token } = theme.useToken();
  const { manifest, expiresAt } = job;
  if (!manifest) {
    return null;
  }
  return (
    <dl className="export-facts" style={{ color: token.colorTextSecondary }}>
      <div>
        <dt>Holds</dt>
        <dd>
          {ticketsOf(manifest.rowCount)}, {sizeOf(manifest.fileSizeBytes)}
        </dd>
      </div>
      {manifest.asOf && (
        <div>
          <dt>As of</dt>
          <dd>{preciseDateTime(manifest.asOf)}</dd>
        </div>
      )}
      {expiresAt && (
        <div>
          <dt>File</dt>
          <dd>
            {hasFile(job, now) ? "kept until" : "deleted"} {dateTime(expiresAt)}
          </dd>
        </div>
      )}
      {manifest.sha256 && (
        <div>
          <dt>SHA-256</dt>
          <dd>
            <Typography.Text
              code
              copyable={{ text: manifest.sha256, tooltips: ["Copy the SHA-256", "Copied"] }}
              title={manifest.sha256}
            >
              {`${manifest.sha256.slice(0, 12)}…${manifest.sha256.slice(-6)}`}
            </Typography.Text>
          </dd>
        </div>
      )}
    </dl>
  );
}
