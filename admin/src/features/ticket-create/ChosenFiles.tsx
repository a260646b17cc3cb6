import { DeleteOutlined } from "@ant-design/icons";
import { Button, theme } from "antd";
import { DropZone } from "@/features/attachments/DropZone";
import { FileIcon } from "@/features/attachments/FileIcon";
import { refusalOf } from "@/features/attachments/fileRules";
import { mediaTypeOf } from "@/features/attachments/fileTypes";
import { useFileRules } from "@/features/attachments/useFileRules";
import { sizeOf } from "@/vocabulary/fileSize";

type ChosenFilesProps = {
  id?: string;
  value?: readonly File[];
  onChange?: (files: readonly File[]) => void;
  disabled?: boolean;
};

/** Files for a ticket that is not there yet; those that the service accepts are uploaded once it is. */
export function ChosenFiles({ value = [], onChange, disabled = false }: ChosenFilesProps) {
  const { token } = theme.useToken();
  const rules = useFileRules();
  return (
    <>
      <DropZone disabled={disabled} onFiles={(files) => onChange?.([...value, ...files])} />
      {value.length > 0 && (
        <ul className="file-list" aria-label="Files to attach">
          {value.map((file, index) => {
            const refusal = refusalOf(file, rules);
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be chosen twice, and rows hold no state.
              <li className="file-row" key={`${index}-${file.name}`}>
                <FileIcon mediaType={mediaTypeOf(file)} />
                <div className="file-row-main">
                  <div className="file-row-name">
                    <bdi>{file.name}</bdi>
                  </div>
                  <div
                    className="file-row-facts"
                    role={refusal === null ? undefined : "alert"}
                    style={{ color: refusal === null ? token.colorTextDescription : token.colorErrorText }}
                  >
                    {refusal === null ? sizeOf(file.size) : `Not attached: ${refusal}`}
                  </div>
                </div>
                <Button
                  type="text"
                  icon={<DeleteOutlined aria-hidden />}
                  aria-label={`Take ${file.name} off the list`}
                  onClick={() => onChange?.(value.filter((_, at) => at !== index))}
                />
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}
