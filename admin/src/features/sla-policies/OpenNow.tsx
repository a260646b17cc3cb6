import { type Hours, openingAt } from "@/features/sla/openHours";
import { ToneTag } from "@/ui/StatusTag";
import { useNow } from "@/ui/useNow";

/** Whether a calendar is open at this moment and when that changes, by the clock of its zone. */
export function OpenNow({ hours }: { hours: Hours }) {
  const now = useNow(30_000);
  const { isOpen, until } = openingAt(hours, now);
  return (
    <span className="policy-open-now">
      <ToneTag tone={isOpen ? "success" : "neutral"}>{isOpen ? "Open now" : "Closed now"}</ToneTag>
      <span className="policy-quiet">
        {until === null
          ? isOpen
            ? "and does not close within a year"
            : "and does not open within a year"
          : `${isOpen ? "closes" : "opens"} ${whenWords(until, now, hours.timeZone || "UTC")}`}
      </span>
    </span>
  );
}

/** "18:00" within a day, else "Mon, 23 Nov, 09:00"; in the calendar's zone. */
function whenWords(instant: number, now: number, timeZone: string): string {
  const isSoon = instant - now < 86_400_000;
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    ...(!isSoon && { weekday: "short", day: "numeric", month: "short" }),
  });
  return `${format.format(instant)} ${zoneCity(timeZone)} time`;
}

function zoneCity(timeZone: string): string {
  return (timeZone.split("/").at(-1) ?? timeZone).replaceAll("_", " ");
}
