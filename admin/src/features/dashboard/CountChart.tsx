import { theme } from "antd";
import { useHref, useNavigate } from "react-router";
import { Bar, BarChart, LabelList, Tooltip, XAxis, YAxis } from "recharts";
import { ROUTES } from "@/app/routes";
import { filterToParams } from "@/features/ticket-filters/filterParams";
import type { Count } from "./stats";
import { useWidth } from "./useWidth";

const NUMBER = new Intl.NumberFormat("en-IN");
const NAMES_WIDTH = 136;
/** For a number of seven digits, as "12,34,567", beside the longest bar. */
const NUMBER_WIDTH = 72;

/** A bar for each count; bar and name lead to the list of just those tickets. */
export function CountChart({ label, rows, height }: { label: string; rows: readonly Count[]; height: number }) {
  const [element, width] = useWidth<HTMLElement>();
  const { token } = theme.useToken();
  const navigate = useNavigate();
  return (
    <figure ref={element} className="dashboard-figure" aria-label={label} style={{ height }}>
      {width > 0 && (
        <BarChart
          width={width}
          height={height}
          data={[...rows]}
          layout="vertical"
          margin={{ top: 0, right: NUMBER_WIDTH, bottom: 0, left: 0 }}
          barCategoryGap={6}
          accessibilityLayer={false}
        >
          <XAxis type="number" hide domain={[0, "dataMax"]} />
          <YAxis
            type="category"
            dataKey="label"
            width={NAMES_WIDTH}
            axisLine={false}
            tickLine={false}
            interval={0}
            tick={(props: TickProps) => <NameTick {...props} rows={rows} fill={token.colorText} />}
          />
          <Tooltip cursor={{ fill: token.colorFillTertiary }} content={() => null} />
          <Bar
            dataKey="count"
            minPointSize={2}
            radius={[0, 4, 4, 0]}
            isAnimationActive={false}
            className="dashboard-bar"
            background={{ fill: "transparent" }}
            onClick={(_, index) => void navigate(addressOf(rows[index]))}
          >
            <LabelList
              dataKey="count"
              position="right"
              formatter={(count) => NUMBER.format(Number(count))}
              fill={token.colorText}
              fontSize={12}
            />
          </Bar>
        </BarChart>
      )}
    </figure>
  );
}

type TickProps = { x?: number | string; y?: number | string; payload?: { value?: string; index?: number } };

function NameTick({ x, y, payload, rows, fill }: TickProps & { rows: readonly Count[]; fill: string }) {
  const row = rows.find(({ label }) => label === payload?.value);
  const navigate = useNavigate();
  const address = addressOf(row);
  const href = useHref(address);
  return (
    <a
      href={href}
      aria-label={`${row?.label}: ${NUMBER.format(row?.count ?? 0)} open tickets`}
      className="dashboard-tick"
      onClick={(event) => {
        if (!event.metaKey && !event.ctrlKey && !event.shiftKey) {
          event.preventDefault();
          void navigate(address);
        }
      }}
    >
      <text x={Number(x) - NAMES_WIDTH + 8} y={y} dy="0.35em" textAnchor="start" fontSize={13} fill={fill}>
        {row?.label}
      </text>
    </a>
  );
}

function addressOf(row: Count | undefined): string {
  return row === undefined ? ROUTES.tickets : `${ROUTES.tickets}?${filterToParams(row.filter)}`;
}
