import { Table, type TableProps } from "antd";
import { StatusTag, ToneTag } from "@/ui/StatusTag";
import { wordOf } from "@/vocabulary/tickets";
import { dateTime } from "@/vocabulary/time";
import { hoursWords, INTERVAL_KINDS, lengthOfInterval, type SlaInterval } from "./slaExplanation";

const PAGE_SIZE = 20;

const COLUMNS: TableProps<SlaInterval>["columns"] = [
  { title: "From", key: "start", render: (_, { start }) => <time dateTime={start}>{dateTime(start ?? "")}</time> },
  {
    title: "To",
    key: "end",
    responsive: ["sm"],
    render: (_, { end }) => <time dateTime={end}>{dateTime(end ?? "")}</time>,
  },
  {
    title: "Clock",
    key: "kind",
    render: (_, { kind }) => {
      const { label, tone } = wordOf(INTERVAL_KINDS, kind);
      return <ToneTag tone={tone}>{label}</ToneTag>;
    },
  },
  { title: "State", key: "status", render: (_, { status }) => <StatusTag status={status} /> },
  { title: "Length", key: "length", align: "end", render: (_, interval) => hoursWords(lengthOfInterval(interval)) },
];

/** Every interval of the clock, newest first. */
export function SlaIntervalsTable({ intervals }: { intervals: readonly SlaInterval[] }) {
  return (
    <Table
      size="small"
      aria-label="Intervals of the clock"
      rowKey={(interval) => interval.start ?? ""}
      columns={COLUMNS}
      dataSource={[...intervals].reverse()}
      pagination={intervals.length > PAGE_SIZE ? { pageSize: PAGE_SIZE, size: "small", showSizeChanger: false } : false}
      scroll={{ x: "max-content" }}
    />
  );
}
