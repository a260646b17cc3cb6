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
  presets,
}: {
  id?: string;
  value?: TimeRange | undefined;
  onChange?: (range: TimeRange | undefined) => void;
  presets: readonly RangePreset[];
}) {
  const set = (start: Dayjs | null | undefined, end: Dayjs | null | undefined) => {
    const range = { ...(start && { start: start.toISOString() }), ...(end && { end: end.toISOString() }) };
    onChange?.(start || end ? range : undefined);
  };
  const at = (instant: string | undefined) => (instant ? dayjs(instant) : null);
  return (
    <Flex vertical gap={6}>
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
        {presets.map(({ label, resolve }) => (
          <Button key={label} size="small" onClick={() => onChange?.(resolve(new Date()))}>
            {label}
          </Button>
        ))}
      </Flex>
    </Flex>
  );
}
