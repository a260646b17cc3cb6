import { Input, Select, theme } from "antd";
import { type KeyboardEvent, useId } from "react";
import { type MetadataRow, type ValueKind, withKind } from "./metadataDraft";

const KINDS: { value: ValueKind; label: string }[] = [
  { value: "text", label: "Text" },
  { value: "number", label: "Number" },
  { value: "boolean", label: "True or false" },
  { value: "json", label: "JSON" },
];
const TRUTHS = [
  { value: "true", label: "True" },
  { value: "false", label: "False" },
];

type MetadataRowFieldsProps = {
  row: MetadataRow;
  /** "Row 1" */
  which: string;
  disabled: boolean;
  problem: { field: "name" | "value"; words: string } | undefined;
  onChange(row: MetadataRow): void;
  /** Enter in the value: on to the next row. */
  onNext(): void;
};

/** A name, the type of its value, and the value. Enter goes on to the next field. */
export function MetadataRowFields({ row, which, disabled, problem, onChange, onNext }: MetadataRowFieldsProps) {
  const { token } = theme.useToken();
  const problemId = useId();
  const told = (field: "name" | "value") =>
    problem?.field === field
      ? ({ status: "error", "aria-invalid": true, "aria-describedby": problemId } as const)
      : ({ status: "" } as const);
  const { name, kind, text } = row;
  return (
    <>
      <Input
        className="metadata-name"
        aria-label={`${which}, name`}
        placeholder="Name"
        value={name}
        disabled={disabled}
        spellCheck={false}
        dir="auto"
        onChange={({ target }) => onChange({ ...row, name: target.value })}
        onKeyDown={(event) =>
          onPlainEnter(event, () =>
            event.currentTarget.closest(".metadata-row")?.querySelector<HTMLElement>(VALUE_INPUT)?.focus(),
          )
        }
        {...told("name")}
      />
      <Select<ValueKind>
        className="metadata-kind"
        aria-label={`${which}, type`}
        value={kind}
        options={KINDS}
        disabled={disabled}
        popupMatchSelectWidth={false}
        onChange={(next) => onChange(withKind(row, next))}
      />
      {kind === "boolean" ? (
        <Select
          className="metadata-value"
          aria-label={`${which}, value`}
          value={text}
          options={TRUTHS}
          disabled={disabled}
          onChange={(next) => onChange({ ...row, text: next })}
        />
      ) : kind === "number" ? (
        <Input
          className="metadata-value"
          aria-label={`${which}, value`}
          placeholder="0"
          inputMode="decimal"
          value={text}
          disabled={disabled}
          dir="ltr"
          onChange={({ target }) => onChange({ ...row, text: target.value })}
          onKeyDown={(event) => onPlainEnter(event, onNext)}
          {...told("value")}
        />
      ) : (
        <Input.TextArea
          className={kind === "json" ? "metadata-value metadata-json" : "metadata-value"}
          aria-label={`${which}, value`}
          placeholder={kind === "json" ? '{ "key": "value" }' : "Value"}
          value={text}
          disabled={disabled}
          autoSize={{ minRows: 1, maxRows: 8 }}
          spellCheck={kind === "text"}
          dir={kind === "json" ? "ltr" : "auto"}
          onChange={({ target }) => onChange({ ...row, text: target.value })}
          // JSON has lines; a text has one as a rule, and more with Shift.
          onKeyDown={(event) => kind === "text" && onPlainEnter(event, onNext)}
          {...told("value")}
        />
      )}
      {problem && (
        <div id={problemId} role="alert" className="metadata-problem" style={{ color: token.colorErrorText }}>
          {problem.words}
        </div>
      )}
    </>
  );
}

const VALUE_INPUT = "textarea.metadata-value, input.metadata-value, .metadata-value input";

/** Enter alone: with Ctrl it sends the form, with Shift it makes a line, and while a word is composed it ends that. */
function onPlainEnter(event: KeyboardEvent, then: () => void): void {
  const { key, ctrlKey, metaKey, shiftKey, altKey, nativeEvent } = event;
  if (key === "Enter" && !ctrlKey && !metaKey && !shiftKey && !altKey && !nativeEvent.isComposing) {
    event.preventDefault();
    then();
  }
}
