import { Table } from "antd";
import { Link } from "react-router";
import { ROUTES } from "@/app/routes";
import { filterToParams } from "@/features/ticket-filters/filterParams";
import type { Count, TrendDay } from "./stats";

const NUMBER = new Intl.NumberFormat("en-IN");

/** What a chart of counts says, each count leading to the list of its tickets. */
export function CountTable({ title, what, rows }: { title: string; what: string; rows: readonly Count[] }) {
  return (
    <Table
      size="small"
      aria-label={title}
      pagination={false}
      rowKey="key"
      dataSource={[...rows]}
      columns={[
        {
          title: what,
          dataIndex: "label",
          render: (label: string, { filter }) => (
            <Link to={`${ROUTES.tickets}?${filterToParams(filter)}`}>{label}</Link>
          ),
        },
        { title: "Open tickets", dataIndex: "count", align: "end", render: (count: number) => NUMBER.format(count) },
      ]}
    />
  );
}

/** What the chart of days says, the latest first. */
export function TrendTable({ days }: { days: readonly TrendDay[] }) {
  return (
    <Table
      size="small"
      aria-label="Created and resolved"
      pagination={false}
      rowKey="day"
      scroll={{ y: 240 }}
      dataSource={[...days].reverse()}
      columns={[
        { title: "Day", dataIndex: "label" },
        { title: "Created", dataIndex: "created", align: "end", render: (count: number) => NUMBER.format(count) },
        { title: "Resolved", dataIndex: "resolved", align: "end", render: (count: number) => NUMBER.format(count) },
        {
          title: "Backlog since the first day",
          dataIndex: "backlog",
          align: "end",
          render: (backlog: number) => signed(backlog),
        },
      ]}
    />
  );
}

/** "+12", "−3". */
export function signed(number: number): string {
  return number > 0 ? `+${NUMBER.format(number)}` : NUMBER.format(number).replace("-", "−");
}
