import { theme } from "antd";
import { preciseDateTime } from "@/vocabulary/time";

const CLOCK = new Intl.DateTimeFormat("en-IN", { timeStyle: "short" });

/** The time of day; the instant itself is the tooltip. The day stands above. */
export function EntryTime({ at }: { at: string | undefined }) {
  const { token } = theme.useToken();
  if (!at) {
    return null;
  }
  return (
    <time
      className="timeline-time"
      dateTime={at}
      title={preciseDateTime(at)}
      style={{ color: token.colorTextDescription }}
    >
      {CLOCK.format(new Date(at))}
    </time>
  );
}
