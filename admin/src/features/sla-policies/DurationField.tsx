import { InputNumber, Space } from "antd";

const UNITS = [
  { key: "d", label: "days", size: 1440, most: 365 },
  { key: "h", label: "hours", size: 60, most: 23 },
  { key: "min", label: "minutes", size: 1, most: 59 },
] as const;

/** Minutes, entered as days, hours and minutes. A control of a form. */
export function DurationField({
  id,
  value = 0,
  onChange,
  label,
}: {
  id?: string;
  value?: number;
  onChange?: (minutes: number) => void;
  /** What it is the length of, for readers of the screen. */
  label: string;
}) {
  const parts = partsOf(value);
  return (
    <Space.Compact id={id} role="group" aria-label={label}>
      {UNITS.map(({ key, label: unit, size, most }) => (
        <InputNumber
          key={key}
          aria-label={`${label}, ${unit}`}
          className="policy-duration"
          min={0}
          max={most}
          precision={0}
          suffix={key}
          value={parts[key]}
          onChange={(count) => onChange?.(value + ((count ?? 0) - parts[key]) * size)}
        />
      ))}
    </Space.Compact>
  );
}

function partsOf(minutes: number): Record<(typeof UNITS)[number]["key"], number> {
  return { d: Math.floor(minutes / 1440), h: Math.floor((minutes % 1440) / 60), min: minutes % 60 };
}
