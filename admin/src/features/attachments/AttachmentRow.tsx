import { DownloadOutlined, EyeOutlined, LockOutlined } from "@ant-design/icons";
import { Button, theme } from "antd";
import type { Attachment } from "@/api/schemas";
import { ToneTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { UserName } from "@/ui/UserName";
import { sizeOf } from "@/vocabulary/fileSize";
import { nameOf } from "./AttachmentChip";
import { FileIcon } from "./FileIcon";
import { isDrawn } from "./fileTypes";
import "./attachments.css";

type AttachmentRowProps = {
  attachment: Attachment;
  busy: boolean;
  onDownload(attachment: Attachment): void;
  onPreview(attachment: Attachment): void;
};

/** One file of a ticket. Pictures can be looked at, everything can be saved. */
export function AttachmentRow({ attachment, busy, onDownload, onPreview }: AttachmentRowProps) {
  const { token } = theme.useToken();
  const { fileName, fileType, fileSizeBytes, uploadedById, createdAt, completedAt, isSensitive, state } = attachment;
  const name = nameOf(attachment);
  const ready = state === "ATTACHMENT_STATE_READY";
  return (
    <li className="file-row">
      <FileIcon mediaType={fileType} />
      <div className="file-row-main">
        <div className="file-row-name">
          <bdi
            title={fileName}
            style={fileName ? undefined : { color: token.colorTextDescription, fontStyle: "italic" }}
          >
            {name}
          </bdi>
          {isSensitive && (
            <ToneTag tone="warning" icon={<LockOutlined aria-hidden />}>
              Sensitive
            </ToneTag>
          )}
        </div>
        <div className="file-row-facts" style={{ color: token.colorTextDescription }}>
          <span>{sizeOf(fileSizeBytes)}</span>·
          <UserName userId={uploadedById} />·
          <TimeAgo at={completedAt ?? createdAt} />
          {!ready && <span>· upload not finished; only you see it</span>}
        </div>
      </div>
      {ready && (
        <div className="file-row-actions">
          {isDrawn(fileType) && (
            <Button
              type="text"
              icon={<EyeOutlined aria-hidden />}
              title={isSensitive ? "Show preview: that you looked is kept in the audit" : "Show preview"}
              aria-label={`Show preview of ${name}`}
              onClick={() => onPreview(attachment)}
            />
          )}
          <Button
            type="text"
            icon={<DownloadOutlined aria-hidden />}
            loading={busy}
            aria-label={`Download ${name}`}
            onClick={() => onDownload(attachment)}
          />
        </div>
      )}
    </li>
  );
}
