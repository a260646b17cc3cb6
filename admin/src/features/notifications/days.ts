import dayjs from "dayjs";
import type { Notification } from "@/api/schemas";

export type Day = { key: string; label: string; notifications: Notification[] };

/** In the order given, parted where the day changes, in the reader's time zone. */
export function byDay(notifications: readonly Notification[], nowMs: number): Day[] {
  const days: Day[] = [];
  for (const each of notifications) {
    const at = dayjs(each.createdAt);
    const key = at.format("YYYY-MM-DD");
    const last = days.at(-1);
    if (last?.key === key) {
      last.notifications.push(each);
    } else {
      days.push({ key, label: labelOf(at, dayjs(nowMs)), notifications: [each] });
    }
  }
  return days;
}

function labelOf(day: dayjs.Dayjs, now: dayjs.Dayjs): string {
  if (day.isSame(now, "day")) {
    return "Today";
  }
  if (day.isSame(now.subtract(1, "day"), "day")) {
    return "Yesterday";
  }
  return day.format(day.isSame(now, "year") ? "dddd, D MMMM" : "dddd, D MMMM YYYY");
}
