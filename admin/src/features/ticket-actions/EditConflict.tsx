import { Alert, Button, Flex, Modal, Radio, theme } from "antd";
import { useState } from "react";
import type { Ticket } from "@/api/schemas";
import { metadataLines } from "@/features/metadata/metadataDraft";
import { LINKED_TYPES, SEVERITIES, wordOf } from "@/vocabulary/tickets";
import {
  type Choices,
  compare,
  EDIT_LABELS,
  type EditField,
  type EditValues,
  merge,
  type Standing,
  valuesOf,
} from "./editConflict";
import "./editConflict.css";

type EditConflictProps = {
  open: boolean;
  /** What I began with. */
  base: EditValues;
  mine: EditValues;
  /** The ticket as it is now. */
  theirs: Ticket;
  busy?: boolean;
  /** With the values to save against the new state. */
  onSave(values: EditValues): void;
  onBack(): void;
};

/** Somebody else changed the ticket while I edited it: field by field mine, theirs, and what both began with. */
export function EditConflict({ open, base, mine, theirs, busy = false, onSave, onBack }: EditConflictProps) {
  const [choices, setChoices] = useState<Choices>({});
  const fresh = valuesOf(theirs);
  const conflicts = compare(base, mine, theirs);
  const merged = merge(base, mine, theirs, choices);
  const missing = conflicts.filter(({ field, standing }) => toChoose(standing) && choices[field] === undefined).length;
  return (
    <Modal
      open={open}
      onCancel={onBack}
      destroyOnHidden
      width={760}
      styles={{ header: { marginBottom: 14 } }}
      title="Somebody else changed the ticket meanwhile"
      footer={
        <Flex gap={8} justify="end" align="center">
          {missing > 0 && (
            <span role="status" style={{ marginInlineEnd: "auto" }}>
              {missing === 1 ? "One field is" : `${missing} fields are`} left to choose
            </span>
          )}
          <Button onClick={onBack}>Go on editing</Button>
          <Button type="primary" loading={busy} disabled={merged === null} onClick={() => merged && onSave(merged)}>
            Save
          </Button>
        </Flex>
      }
    >
      {conflicts.length === 0 ? (
        <p>What they changed is not among the fields of this form. You can save yours.</p>
      ) : (
        <div className="edit-conflict">
          {conflicts.map(({ field, standing }) => (
            <ConflictField
              key={field}
              field={field}
              standing={standing}
              texts={{
                base: shown(field, base),
                mine: shown(field, mine),
                theirs: standing === "blind" ? null : shown(field, fresh),
              }}
              choice={standing === "mine" || standing === "theirs" ? standing : choices[field]}
              onChoose={(choice) => setChoices((before) => ({ ...before, [field]: choice }))}
            />
          ))}
        </div>
      )}
    </Modal>
  );
}

function toChoose(standing: Standing): boolean {
  return standing === "both" || standing === "blind";
}

const EXPLAINED: Readonly<Record<Standing, string>> = {
  mine: "Only you changed this: yours is kept.",
  theirs: "Only they changed this: theirs is kept.",
  both: "Both changed this. Which one shall it be?",
  blind: "The ticket is sensitive, so whether they changed this is withheld. Shall yours replace what is there?",
};

function ConflictField({
  field,
  standing,
  texts,
  choice,
  onChoose,
}: {
  field: EditField;
  standing: Standing;
  texts: { base: string; mine: string; theirs: string | null };
  choice: "mine" | "theirs" | undefined;
  onChoose(choice: "mine" | "theirs"): void;
}) {
  const { token } = theme.useToken();
  const cell = (which: "mine" | "theirs", label: string, text: string | null) => (
    <div
      className="edit-conflict-cell"
      style={{
        borderColor: choice === which ? token.colorPrimary : token.colorBorderSecondary,
        background: choice === which ? token.controlItemBgActive : token.colorBgContainer,
      }}
    >
      {toChoose(standing) ? <Radio value={which}>{label}</Radio> : <strong>{label}</strong>}
      <div className="edit-conflict-text">
        <bdi>{text === null ? "Withheld" : text || "None"}</bdi>
      </div>
    </div>
  );
  return (
    <fieldset className="edit-conflict-field" style={{ borderColor: token.colorBorderSecondary }}>
      <legend>{EDIT_LABELS[field]}</legend>
      {toChoose(standing) ? (
        <Alert type="warning" showIcon title={EXPLAINED[standing]} />
      ) : (
        <div style={{ color: token.colorTextDescription }}>{EXPLAINED[standing]}</div>
      )}
      <Radio.Group
        className="edit-conflict-cells"
        aria-label={EDIT_LABELS[field]}
        value={choice ?? null}
        onChange={({ target }) => onChoose(target.value as "mine" | "theirs")}
      >
        {standing !== "theirs" && cell("mine", "Mine", texts.mine)}
        {standing !== "mine" && cell("theirs", "Theirs", texts.theirs)}
      </Radio.Group>
      <details>
        <summary>As it was before</summary>
        <div className="edit-conflict-text">
          <bdi>{texts.base || "None"}</bdi>
        </div>
      </details>
    </fieldset>
  );
}

function shown(field: EditField, values: EditValues): string {
  switch (field) {
    case "severity":
      return values.severity ? wordOf(SEVERITIES, values.severity).label : "";
    case "link":
      return values.linkedId ? `${wordOf(LINKED_TYPES, values.linkedType).label} ${values.linkedId}` : "";
    case "tags":
      return (values.tags ?? []).join(", ");
    case "metadata":
      return metadataLines(values.metadata);
    default:
      return values[field] ?? "";
  }
}
