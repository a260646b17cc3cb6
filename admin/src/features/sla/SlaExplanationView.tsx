import { ReloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Collapse, Empty, Segmented, Skeleton } from "antd";
import { useState } from "react";
import type { SlaExplanation } from "@/api/schemas";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { dateTime, preciseDateTime } from "@/vocabulary/time";
import { SlaEscalations } from "./SlaEscalations";
import { SlaIntervalsTable } from "./SlaIntervalsTable";
import { SlaPolicyFacts } from "./SlaPolicyFacts";
import { SlaTimeline } from "./SlaTimeline";
import { headlineOf, hoursWords, slaExplanationQuery, sumsAt, wordsOfSums } from "./slaExplanation";
import { useNowNear } from "./useSlaClock";
import "./explanation.css";

/** Why a ticket's SLA stands as it does: everything that the clock was computed from. For staff. */
export function SlaExplanationView({ ticketId }: { ticketId: string }) {
  const { data, error, isFetching, refetch } = useQuery(slaExplanationQuery(ticketId));
  if (data === undefined) {
    return error ? (
      <ErrorNotice error={error} title="The SLA cannot be explained now" onRetry={() => void refetch()} />
    ) : (
      <Skeleton active paragraph={{ rows: 8 }} />
    );
  }
  if (data.policy === undefined) {
    return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description="No policy applies, so nothing falls due." />;
  }
  return (
    <div className="sla-explanation">
      {error && <ErrorNotice error={error} title="What follows may be old" onRetry={() => void refetch()} />}
      <Headline explanation={data} isFetching={isFetching} onRefresh={() => void refetch()} />
      <Drawing explanation={data} />
      <section>
        <h3>Escalations</h3>
        <SlaEscalations escalations={data.escalations ?? []} />
      </section>
      <section>
        <h3>Rules</h3>
        <SlaPolicyFacts explanation={data} />
      </section>
      <Collapse
        size="small"
        items={[
          {
            key: "intervals",
            label: intervalsWords(data.intervals?.length ?? 0),
            children: <SlaIntervalsTable intervals={data.intervals ?? []} />,
          },
        ]}
      />
    </div>
  );
}

function intervalsWords(count: number): string {
  return count === 1 ? "The one interval as a table" : `All ${count} intervals as a table`;
}

function Headline({
  explanation,
  isFetching,
  onRefresh,
}: {
  explanation: SlaExplanation;
  isFetching: boolean;
  onRefresh(): void;
}) {
  const { scheme } = useScheme();
  const due = Date.parse(explanation.slaDueAt ?? "");
  const now = Math.max(Date.parse(explanation.asOf ?? ""), useNowNear([due]));
  const { tone, title, text } = headlineOf(explanation, now);
  const sums = sumsAt(explanation, now);
  const { counted, remaining } = wordsOfSums(sums);
  const colours = TONES[scheme][tone];
  const isEnded = explanation.slaStatus === "SLA_STATUS_COMPLETED";
  const facts: [label: string, value: string][] = [
    ["Target", hoursWords(sums.target)],
    ["Counted", counted],
    ["Paused", hoursWords(sums.paused)],
    ...(sums.closed > 0 ? [["Closed hours", hoursWords(sums.closed)] as [string, string]] : []),
    [sums.remaining < 0 ? "Over by" : isEnded ? "To spare" : "Remaining", remaining],
  ];
  return (
    <>
      <div
        className="sla-headline"
        style={{ color: colours.text, background: colours.background, borderColor: colours.border }}
      >
        <div>
          <strong>{title}</strong>
          <div>{text}</div>
          <ResponseLine explanation={explanation} now={now} />
        </div>
        <Button
          type="text"
          icon={<ReloadOutlined aria-hidden spin={isFetching} />}
          aria-label="Ask again"
          title={`As of ${preciseDateTime(explanation.asOf ?? "")}`}
          onClick={onRefresh}
        />
      </div>
      <dl className="sla-facts">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function ResponseLine({ explanation, now }: { explanation: SlaExplanation; now: number }) {
  const { firstResponseDueAt, firstRespondedAt, slaStatus } = explanation;
  if (!firstResponseDueAt) {
    return null;
  }
  const due = Date.parse(firstResponseDueAt);
  if (firstRespondedAt) {
    const isLate = Date.parse(firstRespondedAt) > due;
    return (
      <div>
        First response {isLate ? "too late" : "in time"}: {dateTime(firstRespondedAt)}, due{" "}
        {dateTime(firstResponseDueAt)}.
      </div>
    );
  }
  if (slaStatus === "SLA_STATUS_COMPLETED") {
    return <div>Solved without a first response; it was due {dateTime(firstResponseDueAt)}.</div>;
  }
  return (
    <div>
      First response {now > due ? "overdue since" : "due"} {dateTime(firstResponseDueAt)}.
    </div>
  );
}

const DAY_MS = 86_400_000;
const RANGES = [
  { value: 0, label: "Whole life" },
  { value: 7, label: "7 days" },
  { value: 1, label: "24 hours" },
];

function Drawing({ explanation }: { explanation: SlaExplanation }) {
  const [days, setDays] = useState(0);
  const asOf = Date.parse(explanation.asOf ?? "");
  const first = Date.parse(explanation.intervals?.[0]?.start ?? explanation.asOf ?? "");
  const due = Date.parse(explanation.slaDueAt ?? "");
  const isOpen = explanation.slaStatus !== "SLA_STATUS_COMPLETED";
  const life = asOf - first;
  // Of a whole life all up to the deadline; of a part of it, no more of what is still to come than of what has been.
  const coming = isOpen && due > asOf ? Math.min(due - asOf, days === 0 ? Number.POSITIVE_INFINITY : days * DAY_MS) : 0;
  const from = days === 0 ? first : Math.max(first, asOf - days * DAY_MS);
  const to = Math.max(asOf + coming * 1.02, from + 60_000);
  const ranges = RANGES.filter(({ value }) => value === 0 || life > value * DAY_MS);
  return (
    <section>
      {ranges.length > 1 && (
        <Segmented
          size="small"
          className="sla-range"
          aria-label="How much of the past is drawn"
          options={ranges}
          value={days}
          onChange={setDays}
        />
      )}
      <SlaTimeline explanation={explanation} from={from} to={to} />
    </section>
  );
}
