import { theme } from "antd";
import { Bar, CartesianGrid, ComposedChart, Line, Tooltip, XAxis, YAxis } from "recharts";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { signed } from "./ChartTables";
import type { TrendDay } from "./stats";
import { useWidth } from "./useWidth";

const NUMBER = new Intl.NumberFormat("en-IN", { notation: "compact" });
const LEGEND_HEIGHT = 24;

/** Created and resolved side by side for each day, and the line of their running difference by an axis of its own. */
export function TrendChart({ days, height }: { days: readonly TrendDay[]; height: number }) {
  const [element, width] = useWidth<HTMLElement>();
  const { token } = theme.useToken();
  const { scheme } = useScheme();
  const { info, success, waiting } = TONES[scheme];
  const axis = { tick: { fill: token.colorTextSecondary, fontSize: 12 }, tickLine: false, axisLine: false };
  return (
    <figure ref={element} className="dashboard-figure" style={{ height }} aria-label={summaryOf(days)}>
      <figcaption className="dashboard-legend" aria-hidden>
        <Key colour={info.solid} words="Created" />
        <Key colour={success.solid} words="Resolved" />
        <Key colour={waiting.solid} words="Growth of the backlog" isLine />
      </figcaption>
      {width > 0 && (
        <ComposedChart
          width={width}
          height={height - LEGEND_HEIGHT}
          data={[...days]}
          margin={{ top: 8, right: 0, bottom: 0, left: 0 }}
          barGap={1}
          accessibilityLayer={false}
        >
          <CartesianGrid vertical={false} stroke={token.colorBorderSecondary} />
          <XAxis dataKey="label" {...axis} minTickGap={28} />
          <YAxis
            yAxisId="days"
            {...axis}
            width={40}
            allowDecimals={false}
            tickFormatter={(tick) => NUMBER.format(tick)}
          />
          <YAxis
            yAxisId="backlog"
            orientation="right"
            {...axis}
            width={48}
            allowDecimals={false}
            tickFormatter={(tick) => (tick > 0 ? "+" : "") + NUMBER.format(tick).replace("-", "−")}
          />
          <Tooltip
            cursor={{ fill: token.colorFillTertiary }}
            isAnimationActive={false}
            content={({ active, payload }) =>
              active ? <DayWords day={payload?.[0]?.payload as TrendDay | undefined} /> : null
            }
          />
          <Bar yAxisId="days" dataKey="created" fill={info.solid} radius={[2, 2, 0, 0]} isAnimationActive={false} />
          <Bar yAxisId="days" dataKey="resolved" fill={success.solid} radius={[2, 2, 0, 0]} isAnimationActive={false} />
          <Line
            yAxisId="backlog"
            dataKey="backlog"
            type="monotone"
            stroke={waiting.solid}
            strokeWidth={2}
            dot={false}
            isAnimationActive={false}
          />
        </ComposedChart>
      )}
    </figure>
  );
}

function DayWords({ day }: { day: TrendDay | undefined }) {
  const { token } = theme.useToken();
  if (day === undefined) {
    return null;
  }
  return (
    <div
      className="dashboard-tip"
      style={{ background: token.colorBgElevated, borderColor: token.colorBorder, color: token.colorText }}
    >
      <strong>{day.label}</strong>
      <div>Created {day.created}</div>
      <div>Resolved {day.resolved}</div>
      <div>Backlog {signed(day.backlog)} since the first day</div>
    </div>
  );
}

function Key({ colour, words, isLine = false }: { colour: string; words: string; isLine?: boolean }) {
  return (
    <span>
      <i style={{ background: colour, height: isLine ? 3 : 10 }} />
      {words}
    </span>
  );
}

function summaryOf(days: readonly TrendDay[]): string {
  const created = days.reduce((sum, day) => sum + day.created, 0);
  const resolved = days.reduce((sum, day) => sum + day.resolved, 0);
  return `${created} created and ${resolved} resolved in ${days.length} days; the table has each day`;
}
