import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import dayjs from "dayjs";
import { api, unwrap } from "@/api/client";
import type { Schemas, TicketFilter } from "@/api/schemas";
import { ticketKeys } from "@/api/tickets";
import { OPEN_STATUSES } from "@/vocabulary/tickets";

export type Stats = Schemas["GetTicketStatsResponse"];

/** What the dashboard narrows by; other fields of a filter in the address are not taken over. */
export type DashboardFilter = Pick<TicketFilter, "franchiseIds" | "ownerRoles" | "priorities">;

export const RANGES = [7, 30, 90] as const;
export type Range = (typeof RANGES)[number];

const REFRESH_MS = 60_000;

/** The tickets that are worked on or wait, as they are now. */
export function openStatsQuery(filter: DashboardFilter) {
  return statsQuery("open", { filter: { ...filter, statuses: OPEN_STATUSES } });
}

/** How fast the tickets of the last days were answered and solved: those that were created in them. */
export function paceStatsQuery(filter: DashboardFilter, days: Range) {
  return statsQuery("pace", { filter: { ...filter, created: { start: startOf(days) } } });
}

/** What came and what was solved on each of the last days, whenever those tickets were created. */
export function trendStatsQuery(filter: DashboardFilter, days: Range) {
  return statsQuery("trend", { filter, trendDays: days, timeZone: TIME_ZONE, trendOnly: true });
}

/** The midnight with which the range begins, today being its last day. */
export function startOf(days: Range): string {
  return dayjs()
    .startOf("day")
    .subtract(days - 1, "day")
    .toISOString();
}

const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * Asked for again each minute while the page is in sight; a change of the filter gives up what is under way and keeps
 * the figures of before on the page until its own come.
 */
function statsQuery(kind: string, request: Schemas["GetTicketStatsRequest"]) {
  return queryOptions({
    queryKey: [...ticketKeys.lists, "stats", kind, request],
    queryFn: ({ signal }) => unwrap(api.POST("/admin/tickets:stats", { body: request, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
    staleTime: REFRESH_MS / 2,
  });
}

/** int64 comes as text. */
export function countOf(count: string | undefined): number {
  return Number(count ?? 0);
}

/** One bar: what it counts, how many, and the list of just those. */
export type Count = { key: string; label: string; count: number; fill: string; filter: TicketFilter };

export type TrendDay = { day: string; label: string; created: number; resolved: number; backlog: number };

/** The days with the running difference of created and resolved: how much the backlog has grown since the first one. */
export function trendOf(stats: Stats | undefined): TrendDay[] {
  let backlog = 0;
  return (stats?.trend ?? []).map(({ date, createdCount, resolvedCount }) => {
    const created = countOf(createdCount);
    const resolved = countOf(resolvedCount);
    backlog += created - resolved;
    const { year = 1970, month = 1, day = 1 } = date ?? {};
    const midnight = new Date(year, month - 1, day);
    return { day: midnight.toISOString(), label: DAY.format(midnight), created, resolved, backlog };
  });
}

const DAY = new Intl.DateTimeFormat("en-IN", { day: "numeric", month: "short" });
