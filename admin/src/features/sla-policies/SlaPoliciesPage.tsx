import { LockOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Result, Skeleton, Tabs } from "antd";
import { useSearchParams } from "react-router";
import { usePermission } from "@/api/caller";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { PageHeader } from "@/ui/PageHeader";
import { CalendarsTab } from "./CalendarsTab";
import { PoliciesTab } from "./PoliciesTab";
import { calendarsQuery, slaPoliciesQuery } from "./slaPolicies";
import "./sla-policies.css";

/** How fast tickets have to be answered and solved, and in which hours. Staff read it, admins change it. */
export function SlaPoliciesPage() {
  return usePermission("PERMISSION_STAFF") ? (
    <SlaPolicies />
  ) : (
    <Result icon={<LockOutlined aria-hidden />} title="For staff" subTitle="SLA policies are for staff." />
  );
}

function SlaPolicies() {
  const [params, setParams] = useSearchParams();
  const policies = useQuery(slaPoliciesQuery);
  const calendars = useQuery(calendarsQuery);
  const failed = [policies, calendars].find(({ error, data }) => error !== null && data === undefined);
  if (failed) {
    return (
      <ErrorNotice
        error={failed.error}
        title="The policies cannot be shown now"
        onRetry={() => {
          void policies.refetch();
          void calendars.refetch();
        }}
      />
    );
  }
  const loaded = policies.data !== undefined && calendars.data !== undefined;
  const all = { policies: policies.data ?? [], calendars: calendars.data ?? [] };
  return (
    <>
      <PageHeader title="SLA policies" lead="How soon tickets are answered and resolved, and in which hours." />
      <Tabs
        activeKey={params.get("tab") === "calendars" ? "calendars" : "policies"}
        onChange={(tab) => setParams(tab === "calendars" ? { tab } : {}, { replace: true })}
        items={[
          { key: "policies", label: "Policies", children: loaded ? <PoliciesTab {...all} /> : <Loading /> },
          { key: "calendars", label: "Calendars", children: loaded ? <CalendarsTab {...all} /> : <Loading /> },
        ]}
      />
    </>
  );
}

function Loading() {
  return (
    <div className="policy-cards">
      {[1, 2, 3, 4].map((card) => (
        <Skeleton key={card} active paragraph={{ rows: 6 }} />
      ))}
    </div>
  );
}
