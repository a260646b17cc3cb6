import { CloseOutlined, DeleteOutlined, LockOutlined, RedoOutlined } from "@ant-design/icons";
import { Button, Progress, theme } from "antd";
import { sizeOf } from "@/vocabulary/fileSize";
import { FileIcon } from "./FileIcon";
import { mediaTypeOf } from "./fileTypes";
import { isPending } from "./uploadQueue";
import { fileRefusal } from "./uploadWords";
import type { Upload, UploadState, Uploads } from "./useUploads";
import "./attachments.css";

const WORDS: Readonly<Record<UploadState, string>> = {
  waiting: "Waiting for its turn",
  hashing: "Reading the file",
  announcing: "Announcing it",
  sending: "Sending",
  checking: "Checking what arrived",
  done: "Attached",
  failed: "Not attached",
  cancelled: "Cancelled",
};

/** Files on their way, with how far they are and what can be done about those that did not arrive. */
export function UploadList({
  uploads,
  cancel,
  retry,
  remove,
}: Pick<Uploads, "uploads" | "cancel" | "retry" | "remove">) {
  if (uploads.length === 0) {
    return null;
  }
  return (
    <ul className="file-list" aria-label="Uploads">
      {uploads.map((upload) => (
        <UploadRow key={upload.key} upload={upload} cancel={cancel} retry={retry} remove={remove} />
      ))}
    </ul>
  );
}

function UploadRow({
  upload,
  cancel,
  retry,
  remove,
}: { upload: Upload } & Pick<Uploads, "cancel" | "retry" | "remove">) {
  const { token } = theme.useToken();
  const { key, file, state, progress, sensitive, error, retryable } = upload;
  const failed = state === "failed";
  const percent = Math.round(progress * 100);
  return (
    <li className="file-row">
      <FileIcon mediaType={mediaTypeOf(file)} />
      <div className="file-row-main">
        <div className="file-row-name">
          <bdi title={file.name}>{file.name}</bdi>
          {sensitive && <LockOutlined role="img" aria-label="Sensitive" />}
        </div>
        {isPending(upload) && state !== "waiting" && (
          <Progress
            percent={percent}
            size="small"
            showInfo={false}
            status={state === "checking" ? "active" : "normal"}
            aria-label={`Upload of ${file.name}`}
          />
        )}
        <div
          className="file-row-facts"
          role={failed ? "alert" : undefined}
          style={{ color: failed ? token.colorErrorText : token.colorTextDescription }}
        >
          {failed ? fileRefusal(error) : `${WORDS[state]}${state === "sending" ? ` ${percent} %` : ""}`} ·{" "}
          {sizeOf(file.size)}
        </div>
      </div>
      <div className="file-row-actions">
        {(failed || state === "cancelled") && retryable && (
          <Button
            type="text"
            icon={<RedoOutlined aria-hidden />}
            aria-label={`Upload ${file.name} again`}
            onClick={() => retry(key)}
          />
        )}
        {isPending(upload) ? (
          <Button
            type="text"
            icon={<CloseOutlined aria-hidden />}
            aria-label={`Cancel the upload of ${file.name}`}
            onClick={() => cancel(key)}
          />
        ) : (
          <Button
            type="text"
            icon={<DeleteOutlined aria-hidden />}
            aria-label={`Take ${file.name} off the list`}
            onClick={() => remove(key)}
          />
        )}
      </div>
    </li>
  );
}
