import { Input, Space } from "antd";
import { useState } from "react";

const UNITS = [
  { key: "d", label: "days", size: 1440 },
  { key: "h", label: "hours", size: 60 },
  { key: "min", label: "minutes", size: 1 },
] as const;

/** What stands in the fields. */
type Parts = Record<(typeof UNITS)[number]["key"], string>;

/** The longest that the API takes: 365 days, in minutes. */
const LONGEST = 525_600;

/**
 * Minutes, entered as days, hours and minutes. A control of a form, whose rule is `durationRule`. Any number goes into
 * any field; what is more than a unit holds is carried over when the field is left, so 48 h become 2 d. What is no
 * duration stays as it was typed, with NaN for a value.
 */
export function DurationField({
  id,
  value = 0,
  onChange,
  label,
  "aria-invalid": isInvalid,
  "aria-describedby": describedBy,
}: {
  id?: string;
  value?: number;
  onChange?: (minutes: number) => void;
  /** What it is the length of, for readers of the screen. */
  label: string;
  "aria-invalid"?: boolean | "true" | "false";
  "aria-describedby"?: string;
}) {
  const [typed, setTyped] = useState<{ parts: Parts; minutes: number } | null>(null);
  // A value from elsewhere takes the place of what was typed.
  const parts = typed !== null && Object.is(typed.minutes, value) ? typed.parts : partsOf(value);
  return (
    <Space.Compact id={id} role="group" aria-label={label}>
      {UNITS.map(({ key, label: unit }) => (
        <Input
          key={key}
          aria-label={`${label}, ${unit}`}
          aria-invalid={isInvalid}
          aria-describedby={describedBy}
          className="policy-duration"
          inputMode="numeric"
          autoComplete="off"
          suffix={key}
          value={parts[key]}
          onChange={({ target }) => {
            const next = { ...parts, [key]: target.value };
            const minutes = minutesOf(next);
            setTyped({ parts: next, minutes });
            onChange?.(minutes);
          }}
          onBlur={() => value <= LONGEST && setTyped(null)}
        />
      ))}
    </Space.Compact>
  );
}

/** Refuses what is no duration, or none that the API takes. `least` is in minutes. */
export function durationRule(least: 0 | 1) {
  return {
    validator: (_: unknown, minutes: number) => {
      const problem = problemOf(minutes, least);
      return problem === null ? Promise.resolve() : Promise.reject(new Error(problem));
    },
  };
}

function problemOf(minutes: number, least: 0 | 1): string | null {
  if (Number.isNaN(minutes)) {
    return "Write whole numbers.";
  }
  if (minutes > LONGEST) {
    return "365 days at the most.";
  }
  return minutes < least ? "At least a minute." : null;
}

function partsOf(minutes: number): Parts {
  if (Number.isNaN(minutes)) {
    return { d: "", h: "", min: "" };
  }
  return {
    d: String(Math.floor(minutes / 1440)),
    h: String(Math.floor((minutes % 1440) / 60)),
    min: String(minutes % 60),
  };
}

/** Nothing in a field is 0. */
function minutesOf(parts: Parts): number {
  return UNITS.reduce((sum, { key, size }) => {
    const text = parts[key].trim();
    return sum + (/^\d*$/.test(text) ? Number(text) * size : Number.NaN);
  }, 0);
}
