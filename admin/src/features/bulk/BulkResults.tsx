import {
  CheckCircleFilled,
  CloseCircleFilled,
  CopyOutlined,
  DownloadOutlined,
  MinusCircleFilled,
} from "@ant-design/icons";
import { App, Button, Flex, Input, Tag, theme } from "antd";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { ROUTES } from "@/app/routes";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { StatusTag } from "@/ui/StatusTag";
import { groupsOf, type Outcome, type ResultRow } from "./bulkResults";
import { resultsCsv, saveText } from "./resultsCsv";
import "./bulk.css";

const MARKS: Readonly<Record<Outcome, { icon: typeof CheckCircleFilled; tone: "success" | "danger" | "neutral" }>> = {
  done: { icon: CheckCircleFilled, tone: "success" },
  failed: { icon: CloseCircleFilled, tone: "danger" },
  left: { icon: MinusCircleFilled, tone: "neutral" },
};

/** What would become, or has become, of each ticket: by reason, searchable, and as CSV to take along. */
export function BulkResults({ rows, isCheck }: { rows: readonly ResultRow[]; isCheck: boolean }) {
  const [shownGroup, setShownGroup] = useState<string | null>(null);
  const [text, setText] = useState("");
  const { message } = App.useApp();
  const words = isCheck
    ? { done: "Would be changed", failed: "Would fail", left: "Left out" }
    : { done: "Changed", failed: "Failed", left: "Left out" };
  const groups = useMemo(() => groupsOf(rows, words.done), [rows, words.done]);
  const group = groups.find(({ key }) => key === shownGroup);
  const wanted = text.trim().toLowerCase();
  const shown = (group?.rows ?? rows).filter(
    (row) => wanted === "" || `${row.ticketId} ${row.message}`.toLowerCase().includes(wanted),
  );
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(resultsCsv(rows));
      void message.success("Copied as CSV");
    } catch {
      void message.error("The browser did not let it be copied. Download it instead.");
    }
  };
  return (
    <div className="bulk-results">
      <Flex gap={8} wrap align="center" role="group" aria-label="Results by reason">
        <Tag.CheckableTag checked={group === undefined} onChange={() => setShownGroup(null)}>
          All {rows.length}
        </Tag.CheckableTag>
        {groups.map(({ key, label, outcome, rows: { length } }) => (
          <Tag.CheckableTag
            key={key}
            checked={key === shownGroup}
            onChange={(checked) => setShownGroup(checked ? key : null)}
          >
            <OutcomeMark outcome={outcome} /> {label} {length}
          </Tag.CheckableTag>
        ))}
      </Flex>
      <Flex gap={8} wrap>
        <Input.Search
          allowClear
          value={text}
          onChange={({ target }) => setText(target.value)}
          placeholder="Ticket or reason"
          aria-label="Find among the results"
          className="bulk-results-search"
        />
        <Button icon={<CopyOutlined aria-hidden />} onClick={() => void copy()}>
          Copy CSV
        </Button>
        <Button
          icon={<DownloadOutlined aria-hidden />}
          onClick={() => saveText(resultsCsv(rows), isCheck ? "bulk-check.csv" : "bulk-results.csv")}
        >
          Download CSV
        </Button>
      </Flex>
      <ResultList rows={shown} words={words} />
    </div>
  );
}

function ResultList({ rows, words }: { rows: readonly ResultRow[]; words: Readonly<Record<Outcome, string>> }) {
  const { token } = theme.useToken();
  if (rows.length === 0) {
    return <p style={{ color: token.colorTextSecondary }}>No ticket is like that.</p>;
  }
  return (
    <ul className="bulk-result-list" style={{ borderColor: token.colorBorderSecondary }} aria-label="Tickets">
      {rows.map(({ ticketId, outcome, message, status }) => (
        <li key={ticketId} className="bulk-result" style={{ borderColor: token.colorBorderSecondary }}>
          <OutcomeMark outcome={outcome} />
          <Link to={ROUTES.ticket(ticketId)} target="_blank" rel="noopener" className="bulk-result-id">
            {ticketId}
          </Link>
          <span className="bulk-result-what">
            {words[outcome]}
            {message && <span style={{ color: token.colorTextSecondary }}>: {message}</span>}
          </span>
          {status && <StatusTag status={status} />}
        </li>
      ))}
    </ul>
  );
}

function OutcomeMark({ outcome }: { outcome: Outcome }) {
  const { scheme } = useScheme();
  const { icon: Icon, tone } = MARKS[outcome];
  return <Icon aria-hidden style={{ color: TONES[scheme][tone].solid }} />;
}
