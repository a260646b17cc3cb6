import { Input } from "antd";
import { useState } from "react";
import { parseTime, timeWords } from "./calendarDraft";

/** A time of the day up to 24:00, which no field of a browser takes. "9" and "0930" do. */
export function TimeField({
  value,
  onChange,
  label,
  isWrong,
}: {
  value: number | null;
  onChange(minute: number | null): void;
  label: string;
  isWrong: boolean;
}) {
  const [text, setText] = useState<string | null>(null);
  const shown = text ?? (value === null ? "" : timeWords(value));
  return (
    <Input
      className="policy-time"
      aria-label={label}
      aria-invalid={isWrong}
      inputMode="numeric"
      placeholder="00:00"
      maxLength={5}
      status={isWrong ? "error" : ""}
      value={shown}
      onChange={({ target }) => {
        setText(target.value);
        onChange(parseTime(target.value));
      }}
      onBlur={() => {
        if (value !== null) {
          setText(null);
        }
      }}
    />
  );
}
