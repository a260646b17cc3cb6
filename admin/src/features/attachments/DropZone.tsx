import { UploadOutlined } from "@ant-design/icons";
import { Button, theme } from "antd";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { acceptedWords } from "./fileRules";
import { useFileRules } from "./useFileRules";
import "./attachments.css";

type DropZoneProps = { onFiles(files: File[]): void; disabled?: boolean; children?: ReactNode };

/** Where files are dropped, or chosen by a button. */
export function DropZone({ onFiles, disabled = false, children }: DropZoneProps) {
  const { token } = theme.useToken();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const words = acceptedWords(useFileRules());
  const give = (files: FileList | null) => {
    if (files && files.length > 0 && !disabled) {
      onFiles([...files]);
    }
  };
  const hover = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <section
      className="drop-zone"
      aria-label="Add files"
      onDragEnter={hover}
      onDragOver={hover}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        give(event.dataTransfer.files);
      }}
      style={{
        borderColor: over ? token.colorPrimary : token.colorBorder,
        background: over ? token.colorPrimaryBg : token.colorFillQuaternary,
      }}
    >
      <span>Drop files here, or</span>
      <Button
        size="small"
        icon={<UploadOutlined aria-hidden />}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        Choose files
      </Button>
      <small style={{ color: token.colorTextDescription }}>{words}</small>
      {children}
      <input
        ref={input}
        type="file"
        multiple
        tabIndex={-1}
        style={{ display: "none" }}
        aria-label="Files"
        onChange={({ target }) => {
          give(target.files);
          target.value = "";
        }}
      />
    </section>
  );
}
