import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import type { Calendar, Schemas, SlaPolicy, TicketPriority } from "@/api/schemas";
import { hoursWords } from "@/features/sla/slaExplanation";
import { lengthOf } from "@/vocabulary/time";

export type KnownPriority = Exclude<TicketPriority, "TICKET_PRIORITY_UNSPECIFIED">;

const LARGEST_PAGE = 200;

export const slaPoliciesQuery = queryOptions({
  queryKey: ["sla-policies"],
  queryFn: async ({ signal }): Promise<SlaPolicy[]> =>
    (await unwrap(api.GET("/admin/sla-policies", { signal }))).slaPolicies ?? [],
});

export const calendarsQuery = queryOptions({
  queryKey: ["calendars"],
  queryFn: async ({ signal }): Promise<Calendar[]> => {
    const calendars: Calendar[] = [];
    let pageToken: string | undefined;
    do {
      const query = { pageSize: LARGEST_PAGE, ...(pageToken && { pageToken }) };
      const page = await unwrap(api.GET("/admin/calendars", { params: { query }, signal }));
      calendars.push(...(page.calendars ?? []));
      pageToken = page.nextPageToken;
    } while (pageToken);
    return calendars;
  },
});

/** Fields of a policy that a form has, as the form and the API name them. */
export const POLICY_FIELDS = [
  "responseTimeMinutes",
  "resolutionTimeMinutes",
  "escalationIntervalMinutes",
  "escalationChain",
  "pausingStatuses",
  "calendarId",
] as const;

export type PolicyField = (typeof POLICY_FIELDS)[number];
export type PolicyValues = Required<Pick<Schemas["SlaPolicy"], PolicyField>>;

export const POLICY_LABELS: Readonly<Record<PolicyField, string>> = {
  responseTimeMinutes: "First response",
  resolutionTimeMinutes: "Resolution",
  escalationIntervalMinutes: "Next escalation after",
  escalationChain: "Escalation chain",
  pausingStatuses: "Pauses while",
  calendarId: "Calendar",
};

/** What a form of the policy begins with; proto3 leaves out what is zero or empty. */
export function valuesOf(policy: SlaPolicy): PolicyValues {
  return {
    responseTimeMinutes: policy.responseTimeMinutes ?? 0,
    resolutionTimeMinutes: policy.resolutionTimeMinutes ?? 0,
    escalationIntervalMinutes: policy.escalationIntervalMinutes ?? 0,
    escalationChain: policy.escalationChain ?? [],
    pausingStatuses: policy.pausingStatuses ?? [],
    calendarId: policy.calendarId ?? "",
  };
}

/** The fields in which two versions differ. The order of states that pause means nothing; that of a chain does. */
export function changedFields(before: PolicyValues, after: PolicyValues): PolicyField[] {
  return POLICY_FIELDS.filter((field) => canonical(field, before) !== canonical(field, after));
}

function canonical(field: PolicyField, values: PolicyValues): string {
  return JSON.stringify(field === "pausingStatuses" ? [...values.pausingStatuses].sort() : values[field]);
}

/** A target for people, and what its hours are. Days are told only where each has 24 hours. */
export function targetParts(minutes: number, calendarId: string | undefined): [hours: string, note: string | null] {
  const hours = hoursWords(minutes * 60);
  if (calendarId) {
    return [hours, "of open hours"];
  }
  return [hours, minutes > 1440 ? `(${lengthOf(minutes * 60)})` : null];
}

export function targetWords(minutes: number, calendarId: string | undefined): string {
  return targetParts(minutes, calendarId).filter(Boolean).join(" ");
}
