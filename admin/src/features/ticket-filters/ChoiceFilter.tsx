import { CloseOutlined, DownOutlined } from "@ant-design/icons";
import { Button, Checkbox, Space } from "antd";
import { type ReactNode, useState } from "react";
import { Flyout } from "@/ui/Flyout";
import "./ticket-filters.css";

type Choice<Value extends string> = { value: Value; label: ReactNode };

/** One field of a filter as a button: what it is narrowed to, the choices behind it, and a way to take it off. */
export function ChoiceFilter<Value extends string>({
  label,
  choices,
  value,
  words,
  onChange,
  shortcut,
}: {
  label: string;
  choices: readonly Choice<Value>[];
  value: readonly Value[];
  /** What is chosen, for people. */
  words: ReactNode;
  onChange(value: Value[]): void;
  /** Several choices at once, such as all open states. */
  shortcut?: { label: string; values: readonly Value[] } | undefined;
}) {
  const [open, setOpen] = useState(false);
  const active = value.length > 0;
  const list = (
    <fieldset className="choice-filter">
      <legend className="visually-hidden">{label}</legend>
      {shortcut && (
        <Button type="link" size="small" onClick={() => onChange([...shortcut.values])}>
          {shortcut.label}
        </Button>
      )}
      {choices.map((choice) => (
        <Checkbox
          key={choice.value}
          checked={value.includes(choice.value)}
          onChange={(event) =>
            onChange(
              // In the order of the choices, so that the same choice makes the same address.
              choices
                .map((each) => each.value)
                .filter((each) => (each === choice.value ? event.target.checked : value.includes(each))),
            )
          }
        >
          {choice.label}
        </Checkbox>
      ))}
    </fieldset>
  );
  return (
    <Space.Compact className="filter-chip">
      <Flyout label={label} open={open} onOpenChange={setOpen} placement="bottomLeft" content={list}>
        <Button
          color={active ? "primary" : "default"}
          variant={active ? "filled" : "outlined"}
          aria-expanded={open}
          aria-haspopup="dialog"
        >
          <span className="filter-chip-text">
            {label}
            {active && <>: {words}</>}
          </span>
          {!active && <DownOutlined aria-hidden className="filter-chip-arrow" />}
        </Button>
      </Flyout>
      {active && (
        <Button
          color="primary"
          variant="filled"
          icon={<CloseOutlined aria-hidden />}
          aria-label={`Any ${label.toLowerCase()}`}
          onClick={() => onChange([])}
        />
      )}
    </Space.Compact>
  );
}
