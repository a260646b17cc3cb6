import { Form } from "antd";
import { MetadataEditor } from "./MetadataEditor";
import { type MetadataDraft, readMetadata } from "./metadataDraft";

export const METADATA_EXTRA = "Data of other systems: names and values, up to 16 KiB.";

/** The field "metadata" of a form, whose value is a MetadataDraft. */
export function MetadataItem({ extra, disabled }: { extra: string; disabled: boolean }) {
  return (
    <Form.Item
      name="metadata"
      label="Metadata"
      extra={extra}
      // Of the rows each has a status of its own.
      validateStatus=""
      validateTrigger="onBlur"
      rules={[
        {
          validator: (_, draft?: MetadataDraft) => {
            const problems = draft === undefined ? null : readMetadata(draft).problems;
            return problems === null
              ? Promise.resolve()
              : Promise.reject(new Error(problems.whole ?? "Mend the rows that are marked."));
          },
        },
      ]}
    >
      <MetadataEditor disabled={disabled} />
    </Form.Item>
  );
}
