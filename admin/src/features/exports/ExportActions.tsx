import { DownloadOutlined } from "@ant-design/icons";
import { Button, Popconfirm } from "antd";
import type { ExportJob } from "@/api/schemas";
import { useNow } from "@/ui/useNow";
import { useCancelExport, useDownloadExport } from "./exportQueries";
import { hasFile, isRunning } from "./progress";

/** Download, where there is a file; cancel, while it is not made yet. */
export function ExportActions({ job, primary = false }: { job: ExportJob; primary?: boolean }) {
  const now = useNow(60_000);
  const download = useDownloadExport();
  const cancel = useCancelExport();
  const id = job.id ?? "";
  if (hasFile(job, now)) {
    return (
      <Button
        type={primary ? "primary" : "default"}
        icon={<DownloadOutlined aria-hidden />}
        loading={download.isPending}
        onClick={() => download.mutate(id)}
      >
        Download
      </Button>
    );
  }
  return isRunning(job) ? (
    <Popconfirm title="Cancel this export?" okText="Cancel it" cancelText="Go on" onConfirm={() => cancel.mutate(id)}>
      <Button loading={cancel.isPending}>Cancel export</Button>
    </Popconfirm>
  ) : null;
}
