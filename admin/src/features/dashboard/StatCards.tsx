import { Card, Skeleton, Tooltip } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { TicketFilter } from "@/api/schemas";
import { ROUTES } from "@/app/routes";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { filterToParams } from "@/features/ticket-filters/filterParams";
import { OPEN_STATUSES, type Tone } from "@/vocabulary/tickets";
import { lengthOf, secondsOf } from "@/vocabulary/time";
import { countOf, type DashboardFilter, type Range, type Stats } from "./stats";

const NUMBER = new Intl.NumberFormat("en-IN");
const PERCENT = new Intl.NumberFormat("en-IN", { style: "percent", maximumFractionDigits: 1 });

type Figure = {
  label: string;
  value: ReactNode;
  /** What is counted, exactly. */
  hint: string;
  tone?: Tone | undefined;
  /** The list of what is counted. */
  filter?: TicketFilter;
};

/** The figures that one looks for first; those that count tickets lead to the list of them. */
export function StatCards({
  filter,
  days,
  open,
  pace,
  isOld,
  isMissing,
}: {
  filter: DashboardFilter;
  days: Range;
  open: Stats | undefined;
  pace: Stats | undefined;
  /** Whether the figures are those of the filter before. */
  isOld: boolean;
  isMissing: boolean;
}) {
  const figures = [...openFigures(filter, open), ...paceFigures(days, pace)];
  return (
    <ul className={isOld ? "dashboard-cards dashboard-old" : "dashboard-cards"} aria-busy={isOld} aria-label="Figures">
      {figures.map((figure) => (
        <li key={figure.label}>
          <FigureCard figure={figure} isMissing={isMissing} />
        </li>
      ))}
    </ul>
  );
}

function openFigures(filter: DashboardFilter, stats: Stats | undefined): Figure[] {
  const open: TicketFilter = { ...filter, statuses: OPEN_STATUSES };
  const inState = (wanted: string) =>
    countOf(stats?.slaStatusCounts?.find(({ slaStatus }) => slaStatus === wanted)?.count);
  const near = inState("SLA_STATUS_NEAR_BREACH");
  const breached = inState("SLA_STATUS_BREACHED");
  const told = (count: number) => (stats === undefined ? undefined : NUMBER.format(count));
  return [
    {
      label: "Open",
      value: told(countOf(stats?.totalCount)),
      hint: "Tickets in every state but Resolved and Closed",
      filter: open,
    },
    {
      label: "Unassigned",
      value: told(countOf(stats?.unassignedCount)),
      hint: "Open tickets that no person owns",
      filter: { ...open, unassigned: true },
    },
    {
      label: "Near breach",
      value: told(near),
      hint: "Open tickets with 20 % of the time to resolution left, or less",
      tone: near > 0 ? "warning" : undefined,
      filter: { ...open, slaStatuses: ["SLA_STATUS_NEAR_BREACH"] },
    },
    {
      label: "Breached",
      value: told(breached),
      hint: "Open tickets whose deadline has passed",
      tone: breached > 0 ? "danger" : undefined,
      filter: { ...open, slaStatuses: ["SLA_STATUS_BREACHED"] },
    },
  ];
}

function paceFigures(days: Range, stats: Stats | undefined): Figure[] {
  const of = `of tickets created in the last ${days} days`;
  const time = (length: string | undefined) =>
    stats === undefined ? undefined : length === undefined ? "—" : <Length seconds={secondsOf(length)} />;
  return [
    {
      label: "Breach rate",
      value: stats && (countOf(stats.totalCount) > 0 ? PERCENT.format(stats.breachRate ?? 0) : "—"),
      hint: `Share ${of} that ever missed their deadline`,
    },
    {
      label: "First response",
      value: time(stats?.averageFirstResponseTime),
      hint: `Mean time to the first answer ${of}, nights and weekends included`,
    },
    {
      label: "Resolution",
      value: time(stats?.averageResolutionTime),
      hint: `Mean time to the solution ${of} that are solved, pauses, nights and weekends included`,
    },
  ];
}

/** "6 h 39 min", its units small. */
function Length({ seconds }: { seconds: number }) {
  const parts = lengthOf(seconds < 60 ? seconds : Math.round(seconds / 60) * 60).split(" ");
  return parts.map((part, index) =>
    index % 2 === 0 ? (
      <span key={part}>{part}</span>
    ) : (
      <small key={part} className="dashboard-unit">
        {` ${part} `}
      </small>
    ),
  );
}

function FigureCard({ figure, isMissing }: { figure: Figure; isMissing: boolean }) {
  const { scheme } = useScheme();
  const { label, value, hint, tone, filter } = figure;
  const card = (
    <Card size="small" hoverable={filter !== undefined} className="dashboard-card">
      <div className="dashboard-card-label">{label}</div>
      <div className="dashboard-card-value" style={tone && { color: TONES[scheme][tone].text }}>
        {value ?? (isMissing ? "—" : <Skeleton.Button active size="small" />)}
      </div>
    </Card>
  );
  return (
    <Tooltip title={hint} mouseEnterDelay={0.4}>
      {filter === undefined ? (
        card
      ) : (
        <Link to={`${ROUTES.tickets}?${filterToParams(filter)}`} className="dashboard-card-link">
          {card}
        </Link>
      )}
    </Tooltip>
  );
}
