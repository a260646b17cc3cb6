import { Button, DatePicker, Flex } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import type { Schemas } from "@/api/schemas";
import type { RangePreset } from "./rangePresets";

type TimeRange = Schemas["TimeRange"];

/** A range of time, either end open: spans from now to pick with one press, or both ends by the calendar. */
export function RangeField({
  id,
  value,
  onChange,
  label,
  presets,
}: {
  id?: string;
  value?: TimeRange | undefined;
  onChange?: (range: TimeRange | undefined) => void;
  /** Of both ends and of the presets, which other fields have too. */
  label: string;
  presets: readonly RangePreset[];
}) {
  const set = (start: Dayjs | null | undefined, end: Dayjs | null | undefined) => {
    const range = { ...(start && { start: start.toISOString() }), ...(end && { end: end.toISOString() }) };
    onChange?.(start || end ? range : undefined);
  };
  const at = (instant: string | undefined) => (instant ? dayjs(instant) : null);
  return (
    <Flex vertical gap={6} role="group" aria-label={label}>
      <DatePicker.RangePicker
        {...(id !== undefined && { id: { start: id } })}
        value={[at(value?.start), at(value?.end)]}
        onChange={(range) => set(range?.[0], range?.[1])}
        allowEmpty={[true, true]}
        showTime={{ format: "HH:mm" }}
        format="D MMM YYYY HH:mm"
        placeholder={["From", "Before"]}
        style={{ width: "100%" }}
      />
      <Flex wrap gap={4}>
        {presets.map(({ label: span, resolve }) => (
          <Button key={span} size="small" onClick={() => onChange?.(resolve(new Date()))}>
            {span}
          </Button>
        ))}
      </Flex>
    </Flex>
  );
}
