import { Button, Input } from "antd";

const BYTES_MAX = 16 * 1024;
const DEPTH_MAX = 20;

type MetadataFieldProps = { id?: string; value?: string; onChange?: (text: string) => void; disabled?: boolean };

/** Data of other systems about a ticket, as JSON text. */
export function MetadataField({ id, value = "", onChange, disabled = false }: MetadataFieldProps) {
  const parsed = parseMetadata(value);
  return (
    <>
      <Input.TextArea
        {...(id && { id })}
        value={value}
        onChange={({ target }) => onChange?.(target.value)}
        disabled={disabled}
        autoSize={{ minRows: 3, maxRows: 14 }}
        spellCheck={false}
        dir="ltr"
        placeholder="{}"
        style={{ fontFamily: "ui-monospace, monospace", fontSize: 13 }}
      />
      {!disabled && value.trim() !== "" && parsed.error === null && formatMetadata(parsed.metadata) !== value && (
        <Button type="link" size="small" onClick={() => onChange?.(formatMetadata(parsed.metadata))}>
          Indent
        </Button>
      )}
    </>
  );
}

type Metadata = { [key: string]: unknown };

export function formatMetadata(metadata: Metadata | undefined): string {
  return metadata === undefined || Object.keys(metadata).length === 0 ? "" : JSON.stringify(metadata, null, 2);
}

/** The object that a text stands for, or why it is none that the API takes. Empty text is no metadata. */
export function parseMetadata(
  text: string,
): { metadata: Metadata; error: null } | { metadata: Metadata; error: string } {
  if (text.trim() === "") {
    return { metadata: {}, error: null };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { metadata: {}, error: `This is no JSON: ${error instanceof Error ? error.message : "it cannot be read"}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { metadata: {}, error: "It has to be an object: { … }." };
  }
  const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
  if (bytes > BYTES_MAX) {
    return { metadata: {}, error: `It has ${(bytes / 1024).toFixed(1)} KiB; 16 KiB is the most.` };
  }
  if (depthOf(value) > DEPTH_MAX) {
    return { metadata: {}, error: `It is nested more than ${DEPTH_MAX} levels deep.` };
  }
  return { metadata: value as Metadata, error: null };
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) {
    return 0;
  }
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
