import { CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Flex, Form, Input, theme } from "antd";
import { type FocusEvent, useRef, useState } from "react";
import { MetadataRowFields } from "./MetadataRowFields";
import {
  asJson,
  BYTES_MAX,
  draftOf,
  emptyRow,
  kib,
  type MetadataDraft,
  type MetadataRow,
  readMetadata,
  sizeOfMetadata,
} from "./metadataDraft";
import "./metadata.css";

type MetadataEditorProps = {
  id?: string;
  value?: MetadataDraft | undefined;
  onChange?: (draft: MetadataDraft) => void;
  /** When the focus leaves it. */
  onBlur?: () => void;
  disabled?: boolean;
};

/** From where on it is said how much of the room is taken. */
const BYTES_SAID = BYTES_MAX / 2;

/**
 * Data of other systems about a ticket, for a Form.Item that has no status of its own (`validateStatus=""`): names and
 * values in rows, or all of it as JSON. What is wrong stands beside its row once the focus has left the row or its value,
 * the value has got another type, or the form says that there is something wrong.
 */
export function MetadataEditor({ id, value = draftOf(), onChange, onBlur, disabled = false }: MetadataEditorProps) {
  const { token } = theme.useToken();
  const { errors } = Form.Item.useStatus();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [isBlocked, setBlocked] = useState(false);
  const element = useRef<HTMLDivElement>(null);
  const { metadata, problems } = readMetadata(value);
  const give = (draft: MetadataDraft) => {
    setBlocked(false);
    onChange?.(draft);
  };
  const focusRow = (key: string | undefined) =>
    // Once it is drawn.
    requestAnimationFrame(() => {
      const selector = key === undefined ? ".metadata-add" : `[data-row="${key}"] input`;
      element.current?.querySelector<HTMLElement>(selector)?.focus();
    });
  const rows = value.rows ?? [];
  const giveRows = (next: MetadataRow[]) => give({ rows: next, json: null });
  const add = () => {
    const row = emptyRow();
    giveRows([...rows, row]);
    focusRow(row.key);
  };
  const remove = (index: number) => {
    const next = rows.filter((_, each) => each !== index);
    giveRows(next);
    focusRow((next[index] ?? next[index - 1])?.key);
  };
  const leave = ({ key }: MetadataRow) => setLeft((before) => new Set(before).add(key));
  const turn = () => {
    const turned = value.rows === null ? draftOf(metadata) : asJson(metadata);
    if (problems !== null || (turned.rows === null) === (value.rows === null)) {
      setBlocked(true);
      setLeft(new Set(rows.map(({ key }) => key)));
    } else {
      give(turned);
    }
  };
  const onLeave = ({ currentTarget, relatedTarget }: FocusEvent) => {
    if (!currentTarget.contains(relatedTarget)) {
      onBlur?.();
    }
  };
  const bytes = sizeOfMetadata(metadata);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would draw a frame of its own in some browsers
    <div
      ref={element}
      {...(id && { id })}
      role="group"
      aria-label="Metadata"
      className="metadata-editor"
      onBlur={onLeave}
    >
      {value.rows === null ? (
        <Input.TextArea
          aria-label="Metadata as JSON"
          value={value.json}
          onChange={({ target }) => give({ rows: null, json: target.value })}
          disabled={disabled}
          autoSize={{ minRows: 3, maxRows: 14 }}
          spellCheck={false}
          dir="ltr"
          placeholder="{}"
          status={problems && (isBlocked || errors.length > 0) ? "error" : ""}
          className="metadata-json"
        />
      ) : (
        rows.length > 0 && (
          <ul className="metadata-rows">
            {rows.map((row, index) => (
              <li
                key={row.key}
                data-row={row.key}
                className="metadata-row"
                onBlur={({ currentTarget, target, relatedTarget }) => {
                  const isOfValue = problems?.rows.get(row.key)?.field === "value" && target.closest(".metadata-value");
                  if (isOfValue || !currentTarget.contains(relatedTarget)) {
                    leave(row);
                  }
                }}
              >
                <MetadataRowFields
                  row={row}
                  which={`Row ${index + 1}`}
                  disabled={disabled}
                  problem={left.has(row.key) || errors.length > 0 ? problems?.rows.get(row.key) : undefined}
                  onChange={(next) => {
                    giveRows(rows.map((each) => (each.key === row.key ? next : each)));
                    if (next.kind !== row.kind && next.text !== "") {
                      leave(row);
                    }
                  }}
                  onNext={() => {
                    const next = rows[index + 1];
                    if (next === undefined) {
                      add();
                    } else {
                      focusRow(next.key);
                    }
                  }}
                />
                <Button
                  type="text"
                  icon={<CloseOutlined aria-hidden />}
                  disabled={disabled}
                  className="metadata-remove"
                  aria-label={row.name ? `Remove ${row.name}` : `Remove row ${index + 1}`}
                  onClick={() => remove(index)}
                />
              </li>
            ))}
          </ul>
        )
      )}
      <Flex gap={8} wrap align="center" className="metadata-tools">
        {value.rows !== null && (
          <Button
            size="small"
            icon={<PlusOutlined aria-hidden />}
            className="metadata-add"
            disabled={disabled}
            onClick={add}
          >
            Add a row
          </Button>
        )}
        <Button type="link" size="small" disabled={disabled} onClick={turn}>
          {value.rows === null ? "Edit as rows" : "Edit as JSON"}
        </Button>
        {value.rows === null && problems === null && asJson(metadata).json !== value.json && value.json !== "" && (
          <Button type="link" size="small" onClick={() => give(asJson(metadata))}>
            Indent
          </Button>
        )}
        {bytes >= BYTES_SAID && (
          <span style={{ color: bytes > BYTES_MAX ? token.colorErrorText : token.colorTextDescription }}>
            {kib(bytes)} of {BYTES_MAX / 1024} KiB
          </span>
        )}
      </Flex>
      {isBlocked && (
        <div role="alert" style={{ color: token.colorErrorText }}>
          {problems === null
            ? "A value without a name cannot stand in a row."
            : (problems.whole ?? "Mend the rows that are marked first.")}
        </div>
      )}
    </div>
  );
}
