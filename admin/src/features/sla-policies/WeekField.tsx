import { CloseOutlined, CopyOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { DAYS, type Day, MINUTES_A_DAY } from "@/features/sla/openHours";
import { DAY_NAMES, rowKey, type WeekDraft, type WindowDraft } from "./calendarDraft";
import { TimeField } from "./TimeField";

/** The open hours of each day of the week. */
export function WeekField({
  value,
  onChange,
  errors,
}: {
  value: WeekDraft;
  onChange(week: WeekDraft): void;
  /** What is wrong, by the key of the window. */
  errors: ReadonlyMap<string, string>;
}) {
  const set = (day: Day, windows: readonly WindowDraft[]) => onChange({ ...value, [day]: windows });
  const copyToWeekdays = () => {
    const copies = DAYS.slice(1, 5).map((day) => [
      day,
      value.DAY_OF_WEEK_MONDAY.map((window) => ({ ...window, key: rowKey() })),
    ]);
    onChange({ ...value, ...Object.fromEntries(copies) });
  };
  return (
    <div className="policy-week">
      {DAYS.map((day) => {
        const windows = value[day];
        const name = DAY_NAMES[day];
        return (
          <fieldset key={day} className="policy-day">
            <legend className="visually-hidden">{name}</legend>
            <span className="policy-day-name" aria-hidden>
              {name}
            </span>
            <div className="policy-windows">
              {windows.length === 0 && <span className="policy-closed">Closed</span>}
              {windows.map((window, index) => {
                const error = errors.get(window.key);
                const change = (part: Partial<WindowDraft>) =>
                  set(
                    day,
                    windows.map((each) => (each.key === window.key ? { ...each, ...part } : each)),
                  );
                const which = windows.length > 1 ? `${name}, window ${index + 1}` : name;
                return (
                  <div key={window.key} className="policy-window">
                    <TimeField
                      label={`${which}, opens`}
                      value={window.opens}
                      onChange={(opens) => change({ opens })}
                      isWrong={error !== undefined}
                    />
                    <span aria-hidden>–</span>
                    <TimeField
                      label={`${which}, closes`}
                      value={window.closes}
                      onChange={(closes) => change({ closes })}
                      isWrong={error !== undefined}
                    />
                    <Button
                      type="text"
                      size="small"
                      icon={<CloseOutlined aria-hidden />}
                      aria-label={`${which}, take out`}
                      onClick={() =>
                        set(
                          day,
                          windows.filter(({ key }) => key !== window.key),
                        )
                      }
                    />
                    {error && (
                      <div className="policy-error" role="alert">
                        {error}
                      </div>
                    )}
                  </div>
                );
              })}
            </div>
            <div className="policy-day-actions">
              {day === "DAY_OF_WEEK_MONDAY" && (
                <Button
                  type="text"
                  size="small"
                  icon={<CopyOutlined aria-hidden />}
                  aria-label="Copy Monday to the other weekdays"
                  title="Copy to Tuesday to Friday"
                  onClick={copyToWeekdays}
                />
              )}
              <Button
                type="text"
                size="small"
                icon={<PlusOutlined aria-hidden />}
                aria-label={`${name}, add a window`}
                title="Add a window"
                onClick={() => set(day, [...windows, nextWindow(windows)])}
              />
            </div>
          </fieldset>
        );
      })}
    </div>
  );
}

/** Office hours for a day without any, else an hour's break after the last window and the time that is left, at most four hours. */
function nextWindow(windows: readonly WindowDraft[]): WindowDraft {
  const end = Math.max(0, ...windows.map(({ closes }) => closes ?? 0));
  if (end === 0) {
    return { key: rowKey(), opens: 9 * 60, closes: 18 * 60 };
  }
  const opens = Math.min(end + 60, MINUTES_A_DAY - 1);
  return { key: rowKey(), opens, closes: Math.min(opens + 240, MINUTES_A_DAY) };
}
