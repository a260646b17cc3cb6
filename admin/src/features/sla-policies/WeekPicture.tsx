import { Tooltip } from "antd";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { DAYS, type Hours, MINUTES_A_DAY, minuteOf } from "@/features/sla/openHours";
import { DAY_NAMES, timeWords } from "./calendarDraft";

const HOURS = [0, 6, 12, 18, 24];

/** The open hours of a week, a row a day. */
export function WeekPicture({ hours }: { hours: Hours }) {
  const { scheme } = useScheme();
  const colours = TONES[scheme].progress;
  return (
    <div className="policy-picture">
      {DAYS.map((day) => {
        const windows = (hours.windows ?? [])
          .filter((window) => window.day === day)
          .map(({ opensAt, closesAt }) => ({ opens: minuteOf(opensAt), closes: minuteOf(closesAt) }));
        const words = windows.map(({ opens, closes }) => `${timeWords(opens)}–${timeWords(closes)}`).join(", ");
        return (
          <Tooltip key={day} title={`${DAY_NAMES[day]}: ${words || "closed"}`} placement="left">
            <div className="policy-picture-row">
              <span>{DAY_NAMES[day].slice(0, 3)}</span>
              <div className="policy-picture-day" role="img" aria-label={words || "closed"}>
                {windows.map(({ opens, closes }) => (
                  <i
                    key={opens}
                    style={{
                      insetInlineStart: `${(100 * opens) / MINUTES_A_DAY}%`,
                      width: `${(100 * (closes - opens)) / MINUTES_A_DAY}%`,
                      background: colours.solid,
                    }}
                  />
                ))}
              </div>
            </div>
          </Tooltip>
        );
      })}
      <div className="policy-picture-hours" aria-hidden>
        {HOURS.map((hour) => (
          <span key={hour} style={{ insetInlineStart: `${(100 * hour) / 24}%` }}>
            {hour}
          </span>
        ))}
      </div>
    </div>
  );
}
