import { LockOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Result } from "antd";
import { useSearchParams } from "react-router";
import { usePermission } from "@/api/caller";
import { filterFromParams, filterToParams } from "@/features/ticket-filters/filterParams";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { PageHeader } from "@/ui/PageHeader";
import { AsOf } from "./AsOf";
import { DashboardCharts } from "./DashboardCharts";
import { DashboardFilters } from "./DashboardFilters";
import { StatCards } from "./StatCards";
import { type DashboardFilter, openStatsQuery, paceStatsQuery, RANGES, type Range, trendStatsQuery } from "./stats";
import "./dashboard.css";

const DEFAULT_RANGE = 30;

/** How things stand: what is open and where, what is late, and whether the backlog grows. For staff. */
export function DashboardPage() {
  return usePermission("PERMISSION_STAFF") ? (
    <Dashboard />
  ) : (
    <Result icon={<LockOutlined aria-hidden />} title="For staff" subTitle="Figures about tickets are for staff." />
  );
}

function Dashboard() {
  const [filter, days, change] = useAddress();
  const open = useQuery(openStatsQuery(filter));
  const pace = useQuery(paceStatsQuery(filter, days));
  const trend = useQuery(trendStatsQuery(filter, days));
  const all = [open, pace, trend];
  const failed = all.find(({ error }) => error !== null);
  const refresh = () => {
    for (const each of all) {
      void each.refetch();
    }
  };
  return (
    <div className="dashboard">
      <PageHeader
        title="Dashboard"
        actions={
          <AsOf asOf={open.data?.asOf} isFetching={all.some(({ isFetching }) => isFetching)} onRefresh={refresh} />
        }
      />
      <DashboardFilters filter={filter} days={days} onChange={change} />
      {failed && (
        <ErrorNotice
          error={failed.error}
          title={failed.data ? "What follows may be old" : "There are no figures now"}
          onRetry={refresh}
        />
      )}
      <StatCards
        filter={filter}
        days={days}
        open={open.data}
        pace={pace.data}
        isOld={open.isPlaceholderData || pace.isPlaceholderData}
        isMissing={failed !== undefined}
      />
      <DashboardCharts filter={filter} days={days} open={open} trend={trend} />
    </div>
  );
}

/** The filter and the days stand in the address, so that a view of the dashboard can be linked to. */
function useAddress(): [DashboardFilter, Range, (filter: DashboardFilter, days: Range) => void] {
  const [params, setParams] = useSearchParams();
  const { franchiseIds, ownerRoles, priorities } = filterFromParams(params);
  const filter: DashboardFilter = {
    ...(franchiseIds?.length && { franchiseIds }),
    ...(ownerRoles?.length && { ownerRoles }),
    ...(priorities?.length && { priorities }),
  };
  const days = RANGES.find((range) => String(range) === params.get("days")) ?? DEFAULT_RANGE;
  const change = (next: DashboardFilter, nextDays: Range) => {
    const after = filterToParams(next, params);
    after.delete("days");
    if (nextDays !== DEFAULT_RANGE) {
      after.set("days", String(nextDays));
    }
    setParams(after, { replace: true });
  };
  return [filter, days, change];
}
