import { useQuery } from "@tanstack/react-query";
import { ExportActions } from "./ExportActions";
import { ExportOutcome } from "./ExportOutcome";
import { ExportProgress } from "./ExportProgress";
import { exportJobQuery } from "./exportQueries";
import "./exports.css";

/** A job whose dialog was closed, in the corner of the page: how far it is, then the file. It stands outside the router. */
export function ExportToast({ jobId }: { jobId: string }) {
  const { data: job } = useQuery(exportJobQuery(jobId));
  if (job === undefined) {
    return null;
  }
  return (
    <div className="export-dialog-body">
      <ExportProgress job={job} />
      <ExportOutcome job={job} />
      <div className="export-footer">
        <ExportActions job={job} primary />
      </div>
    </div>
  );
}
