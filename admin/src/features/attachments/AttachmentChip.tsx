import { LockOutlined } from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import type { Attachment } from "@/api/schemas";
import { sizeOf } from "@/vocabulary/fileSize";
import { FileIcon } from "./FileIcon";
import { useDownload } from "./useDownload";
import "./attachments.css";

/** A file, as a button that saves it; a sensitive one asks why first. */
export function AttachmentChip({ attachment }: { attachment: Attachment }) {
  const { download, busyId, dialog } = useDownload();
  const name = nameOf(attachment);
  return (
    <>
      <Tooltip title={`Download · ${sizeOf(attachment.fileSizeBytes)}`}>
        <Button
          size="small"
          className="attachment-chip"
          loading={busyId !== null}
          icon={<FileIcon mediaType={attachment.fileType} />}
          onClick={() => download(attachment)}
          aria-label={`Download ${name}${attachment.isSensitive ? ", sensitive" : ""}`}
        >
          <bdi>{name}</bdi>
          {attachment.isSensitive && <LockOutlined aria-hidden />}
        </Button>
      </Tooltip>
      {dialog}
    </>
  );
}

/** A file's name, or what stands for one that is withheld. */
export function nameOf({ fileName }: Attachment): string {
  return fileName || "Name withheld";
}
