import type { Calendar } from "@/api/schemas";
import { ROLES, STATUSES, wordOf } from "@/vocabulary/tickets";
import { type PolicyField, type PolicyValues, targetWords } from "./slaPolicies";

/** One value of a policy for people. */
export function fieldWords(field: PolicyField, values: PolicyValues, calendars: readonly Calendar[]): string {
  switch (field) {
    case "responseTimeMinutes":
    case "resolutionTimeMinutes":
      return targetWords(values[field], values.calendarId);
    case "escalationIntervalMinutes":
      return targetWords(values.escalationIntervalMinutes || values.responseTimeMinutes, values.calendarId);
    case "escalationChain":
      return values.escalationChain.map((role) => wordOf(ROLES, role).label).join(" → ");
    case "pausingStatuses":
      return values.pausingStatuses.map((status) => wordOf(STATUSES, status).label).join(", ") || "Never";
    case "calendarId":
      return calendarName(values.calendarId, calendars);
  }
}

export function calendarName(id: string | undefined, calendars: readonly Calendar[]): string {
  return id ? (calendars.find((calendar) => calendar.id === id)?.displayName ?? id) : "24 × 7";
}
