import type { UseQueryResult } from "@tanstack/react-query";
import { lazy } from "react";
import type { TicketFilter } from "@/api/schemas";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { OPEN_STATUSES, PRIORITIES, ROLES, SLA_STATUSES, STATUSES, wordOf } from "@/vocabulary/tickets";
import { ChartCard } from "./ChartCard";
import { CountTable, TrendTable } from "./ChartTables";
import type { Count, DashboardFilter, Range, Stats } from "./stats";
import { countOf, trendOf } from "./stats";

// The library that draws is large, and figures are of use before it is there.
const CountChart = lazy(async () => ({ default: (await import("./CountChart")).CountChart }));
const TrendChart = lazy(async () => ({ default: (await import("./TrendChart")).TrendChart }));

/** What is open by state, priority, clock and role, and the days behind us. */
export function DashboardCharts({
  filter,
  days,
  open,
  trend,
}: {
  filter: DashboardFilter;
  days: Range;
  open: UseQueryResult<Stats>;
  trend: UseQueryResult<Stats>;
}) {
  const counts = useCounts(filter, open.data);
  const trendDays = trendOf(trend.data);
  const moved = trendDays.some(({ created, resolved }) => created + resolved > 0);
  return (
    <div className="dashboard-charts">
      {counts.map(({ title, what, rows }) => (
        <ChartCard
          key={title}
          title={title}
          query={open}
          isEmpty={rows.length === 0}
          empty="Nothing is open."
          height={rowsHeight(rows.length || 4)}
          chart={<CountChart label={title} rows={rows} height={rowsHeight(rows.length)} />}
          table={<CountTable title={title} what={what} rows={rows} />}
        />
      ))}
      <ChartCard
        title={`Created and resolved, last ${days} days`}
        isWide
        query={trend}
        isEmpty={!moved}
        empty="Nothing was created or resolved in these days."
        height={TREND_HEIGHT}
        chart={<TrendChart days={trendDays} height={TREND_HEIGHT} />}
        table={<TrendTable days={trendDays} />}
      />
    </div>
  );
}

const TREND_HEIGHT = 260;

function rowsHeight(rows: number): number {
  return rows * 30 + 8;
}

function useCounts(
  filter: DashboardFilter,
  stats: Stats | undefined,
): { title: string; what: string; rows: Count[] }[] {
  const { scheme } = useScheme();
  const open: TicketFilter = { ...filter, statuses: OPEN_STATUSES };
  const count = (
    words: Parameters<typeof wordOf>[0],
    key: string | undefined,
    number: string | undefined,
    narrower: TicketFilter,
  ): Count => {
    const { label, tone } = wordOf(words, key);
    const fill = TONES[scheme][tone].solid;
    return { key: key ?? "", label, count: countOf(number), fill, filter: { ...open, ...narrower } };
  };
  return [
    {
      title: "Open by state",
      what: "State",
      rows: (stats?.statusCounts ?? []).map(({ status, count: number }) =>
        count(STATUSES, status, number, { statuses: status && [status] }),
      ),
    },
    {
      title: "Open by role",
      what: "Role",
      rows: (stats?.ownerRoleCounts ?? []).map(({ ownerRole, count: number }) => {
        const row = count(ROLES, ownerRole, number, { ownerRoles: ownerRole && [ownerRole] });
        return { ...row, fill: TONES[scheme].progress.solid };
      }),
    },
    {
      title: "Open by priority",
      what: "Priority",
      rows: (stats?.priorityCounts ?? []).map(({ priority, count: number }) =>
        count(PRIORITIES, priority, number, { priorities: priority && [priority] }),
      ),
    },
    {
      title: "Open by SLA",
      what: "SLA",
      rows: (stats?.slaStatusCounts ?? []).map(({ slaStatus, count: number }) =>
        count(SLA_STATUSES, slaStatus, number, { slaStatuses: slaStatus && [slaStatus] }),
      ),
    },
  ];
}
