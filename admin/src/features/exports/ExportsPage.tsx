import { LockOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Empty, Flex, Result, Select, Skeleton, theme } from "antd";
import { useNavigate, useSearchParams } from "react-router";
import { useCaller, usePermission } from "@/api/caller";
import type { Schemas } from "@/api/schemas";
import { ROUTES } from "@/app/routes";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { PageHeader } from "@/ui/PageHeader";
import { EXPORT_STATUSES, optionsOf } from "@/vocabulary/tickets";
import { ExportRow } from "./ExportRow";
import { exportJobsQuery } from "./exportQueries";
import "./exports.css";

type ExportStatus = Schemas["ExportStatus"];

const PREFIX = "EXPORT_STATUS_";
const OPTIONS = optionsOf(EXPORT_STATUSES);

/** Files that were asked for: one's own, or everybody's for an admin. */
export function ExportsPage() {
  return usePermission("PERMISSION_EXPORT_TICKETS") ? (
    <Exports />
  ) : (
    <Result
      icon={<LockOutlined aria-hidden />}
      title="Not for your role"
      subTitle="Exports are for operations managers and above."
    />
  );
}

function Exports() {
  const navigate = useNavigate();
  const isAdmin = useCaller().role === "ROLE_ADMIN";
  const { token } = theme.useToken();
  const [statuses, setStatuses] = useStatuses();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, isFetchNextPageError } =
    useInfiniteQuery(exportJobsQuery(statuses));
  const jobs = data?.pages.flatMap((page) => page.exportJobs ?? []) ?? [];
  return (
    <div className="reading-page">
      <PageHeader
        title="Exports"
        lead={`${isAdmin ? "Everybody's" : "Your"} files, newest first. Start one from the list of tickets.`}
        actions={
          <Select<ExportStatus[]>
            mode="multiple"
            allowClear
            value={statuses}
            onChange={setStatuses}
            options={OPTIONS}
            placeholder="Any status"
            aria-label="Status"
            maxTagCount="responsive"
            style={{ width: 220 }}
          />
        }
      />
      {error !== null && !isFetchNextPageError && (
        <div style={{ marginBottom: 16 }}>
          <ErrorNotice
            error={error}
            title={data ? "What follows may be old" : "Exports could not be loaded"}
            onRetry={() => void refetch()}
          />
        </div>
      )}
      {data === undefined && error === null && <Skeleton active paragraph={{ rows: 8 }} />}
      {data !== undefined && jobs.length === 0 && (
        <Empty
          style={{ padding: "64px 0" }}
          description={
            statuses.length > 0
              ? "No export is in that state."
              : "Nothing was exported yet. Filter the list, then export."
          }
        >
          {statuses.length === 0 && <Button onClick={() => void navigate(ROUTES.tickets)}>To the tickets</Button>}
        </Empty>
      )}
      {jobs.length > 0 && (
        <ul
          className="export-list"
          aria-label="Exports"
          style={{ borderColor: token.colorBorderSecondary, background: token.colorBgContainer }}
        >
          {jobs.map((job) => (
            <ExportRow key={job.id} job={job} withRequester={isAdmin} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Flex vertical align="center" gap={8} style={{ padding: 16 }}>
          {isFetchNextPageError && <ErrorNotice error={error} title="Older ones could not be loaded" />}
          <Button onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
            Load more
          </Button>
        </Flex>
      )}
    </div>
  );
}

/** Kept in the address: `?status=completed,failed`. */
function useStatuses(): [ExportStatus[], (statuses: ExportStatus[]) => void] {
  const [params, setParams] = useSearchParams();
  const named = (params.get("status") ?? "").split(",").map((name) => PREFIX + name.toUpperCase());
  const statuses = OPTIONS.map(({ value }) => value).filter((value) => named.includes(value));
  return [
    statuses,
    (next) =>
      setParams(
        next.length > 0 ? { status: next.map((each) => each.slice(PREFIX.length).toLowerCase()).join(",") } : {},
        { replace: true },
      ),
  ];
}
