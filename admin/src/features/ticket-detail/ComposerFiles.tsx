import { CloseOutlined, PaperClipOutlined, ReloadOutlined } from "@ant-design/icons";
import { Button, Progress, theme } from "antd";
import type { Attachment } from "@/api/schemas";
import { fileRefusal } from "@/features/attachments/uploadWords";
import type { Upload } from "@/features/attachments/useUploads";
import "./timeline.css";

/** Files that go with the message that is being written, on their way to the store or there. */
export function ComposerFiles({
  again,
  uploads,
  leftOut,
  most,
  onForget,
  onCancel,
  onRetry,
  onRemove,
}: {
  /** Of a message that was not sent. */
  again: readonly Attachment[];
  uploads: readonly Upload[];
  /** How many of those that were chosen last were too many. */
  leftOut: number;
  /** Files of a message. */
  most: number;
  onForget(id: string | undefined): void;
  onCancel(key: string): void;
  onRetry(key: string): void;
  onRemove(key: string): void;
}) {
  const { token } = theme.useToken();
  if (again.length + uploads.length + leftOut === 0) {
    return null;
  }
  return (
    <ul className="composer-files">
      {again.map(({ id, fileName }) => (
        <li key={id}>
          <PaperClipOutlined aria-hidden /> <bdi className="composer-file-name">{fileName}</bdi>
          <Button
            type="text"
            size="small"
            icon={<CloseOutlined aria-hidden />}
            aria-label={`Leave out ${fileName}`}
            onClick={() => onForget(id)}
          />
        </li>
      ))}
      {uploads.map(({ key, file, state, progress, error, retryable }) => (
        <li key={key}>
          <PaperClipOutlined aria-hidden /> <bdi className="composer-file-name">{file.name}</bdi>
          {state === "failed" ? (
            <span role="alert" style={{ color: token.colorError }}>
              {fileRefusal(error)}
            </span>
          ) : (
            state !== "done" && (
              <Progress
                percent={Math.round(progress * 100)}
                size="small"
                className="composer-progress"
                aria-label={`Upload of ${file.name}`}
              />
            )
          )}
          {retryable && (state === "failed" || state === "cancelled") && (
            <Button
              type="text"
              size="small"
              icon={<ReloadOutlined aria-hidden />}
              aria-label={`Try ${file.name} again`}
              onClick={() => onRetry(key)}
            />
          )}
          <Button
            type="text"
            size="small"
            icon={<CloseOutlined aria-hidden />}
            aria-label={`Leave out ${file.name}`}
            onClick={() => {
              onCancel(key);
              onRemove(key);
            }}
          />
        </li>
      ))}
      {leftOut > 0 && (
        <li>
          <span role="alert" style={{ color: token.colorError }}>
            {leftOut === 1 ? "One file is" : `${leftOut} files are`} left out: a message takes {most} at most.
          </span>
        </li>
      )}
    </ul>
  );
}
