import { CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, DatePicker, Input } from "antd";
import dayjs from "dayjs";
import { type HolidayDraft, rowKey } from "./calendarDraft";

const MOST = 1000;
/** A leap year, so that 29 February can be chosen for every year. */
const ANY_YEAR = 2028;

/** Days that are closed all day long, once or every year. */
export function HolidaysField({
  value,
  onChange,
  errors,
}: {
  value: readonly HolidayDraft[];
  onChange(holidays: readonly HolidayDraft[]): void;
  errors: ReadonlyMap<string, string>;
}) {
  const set = (key: string, part: Partial<HolidayDraft>) =>
    onChange(value.map((each) => (each.key === key ? { ...each, ...part } : each)));
  const add = () => {
    const today = dayjs();
    const { length } = value;
    const date = { year: today.year(), month: today.month() + 1, day: today.date() };
    return length < MOST && onChange([...value, { key: rowKey(), ...date, name: "" }]);
  };
  return (
    <div className="policy-holidays">
      {value.length === 0 && <p className="policy-quiet">No holidays.</p>}
      {value.map((holiday, index) => {
        const which = `Holiday ${index + 1}`;
        const error = errors.get(holiday.key);
        return (
          <div key={holiday.key} className="policy-holiday">
            <DatePicker
              aria-label={`${which}, date`}
              allowClear={false}
              format={holiday.year === 0 ? "D MMM" : "D MMM YYYY"}
              value={dayjs(new Date(holiday.year || ANY_YEAR, holiday.month - 1, holiday.day))}
              minDate={dayjs("2000-01-01")}
              maxDate={dayjs("2199-12-31")}
              status={error ? "error" : ""}
              onChange={(date) =>
                date &&
                set(holiday.key, {
                  year: holiday.year === 0 ? 0 : date.year(),
                  month: date.month() + 1,
                  day: date.date(),
                })
              }
            />
            <Input
              aria-label={`${which}, name`}
              placeholder="Name"
              maxLength={100}
              value={holiday.name}
              onChange={({ target }) => set(holiday.key, { name: target.value })}
            />
            <Checkbox
              checked={holiday.year === 0}
              onChange={({ target }) => set(holiday.key, { year: target.checked ? 0 : dayjs().year() })}
            >
              every year
            </Checkbox>
            <Button
              type="text"
              size="small"
              icon={<CloseOutlined aria-hidden />}
              aria-label={`${which}, take out`}
              onClick={() => onChange(value.filter(({ key }) => key !== holiday.key))}
            />
            {error && (
              <div className="policy-error" role="alert">
                {error}
              </div>
            )}
          </div>
        );
      })}
      <Button size="small" icon={<PlusOutlined aria-hidden />} disabled={value.length >= MOST} onClick={add}>
        Add a holiday
      </Button>
    </div>
  );
}
