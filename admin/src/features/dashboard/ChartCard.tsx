import { BarChartOutlined, TableOutlined } from "@ant-design/icons";
import type { UseQueryResult } from "@tanstack/react-query";
import { Button, Card, Empty, Skeleton } from "antd";
import { type ReactNode, Suspense, useState } from "react";
import type { Stats } from "./stats";

/** A chart, and the same as a table at the press of a button. */
export function ChartCard({
  title,
  query,
  isWide = false,
  isEmpty,
  empty,
  height,
  chart,
  table,
}: {
  title: string;
  query: UseQueryResult<Stats>;
  isWide?: boolean;
  isEmpty: boolean;
  empty: string;
  /** What the chart takes, kept free until it is there. */
  height: number;
  chart: ReactNode;
  table: ReactNode;
}) {
  const [asTable, setAsTable] = useState(false);
  const waiting = <Skeleton.Node active className="dashboard-chart-skeleton" style={{ width: "100%", height }} />;
  const body =
    query.data === undefined ? (
      query.error ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description="No figures." />
      ) : (
        waiting
      )
    ) : isEmpty ? (
      <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={empty} />
    ) : asTable ? (
      table
    ) : (
      <Suspense fallback={waiting}>{chart}</Suspense>
    );
  return (
    <Card
      size="small"
      title={<h2 className="dashboard-chart-title">{title}</h2>}
      className={isWide ? "dashboard-chart dashboard-chart-wide" : "dashboard-chart"}
      extra={
        <Button
          type="text"
          size="small"
          icon={asTable ? <BarChartOutlined aria-hidden /> : <TableOutlined aria-hidden />}
          aria-label={asTable ? `${title} as a chart` : `${title} as a table`}
          title={asTable ? "As a chart" : "As a table"}
          disabled={isEmpty}
          onClick={() => setAsTable(!asTable)}
        />
      }
    >
      <div className={query.isPlaceholderData ? "dashboard-old" : undefined} aria-busy={query.isPlaceholderData}>
        {body}
      </div>
    </Card>
  );
}
