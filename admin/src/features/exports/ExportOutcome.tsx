import { Alert } from "antd";
import type { ExportJob } from "@/api/schemas";
import { ticketsOf } from "./progress";

/** How a job has ended; nothing while it has not. */
export function ExportOutcome({ job }: { job: ExportJob }) {
  switch (job.status) {
    case "EXPORT_STATUS_COMPLETED":
      return <Alert type="success" showIcon role="status" title={`Ready: ${ticketsOf(job.manifest?.rowCount)}.`} />;
    case "EXPORT_STATUS_FAILED":
      return (
        <Alert
          type="error"
          showIcon
          role="alert"
          title="The file could not be made"
          description={job.errorMessage || "Try it again; if it fails again, tell operations."}
        />
      );
    case "EXPORT_STATUS_CANCELLED":
      return <Alert type="info" showIcon role="status" title="Cancelled. No file is kept." />;
    default:
      return null;
  }
}
