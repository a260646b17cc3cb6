import { Tooltip } from "antd";
import { useConnection } from "@/api/connection";
import type { LiveState } from "./useLiveTickets";

const WORDS: Readonly<Record<LiveState, { label: string; what: string }>> = {
  connecting: { label: "Connecting", what: "Changes will show by themselves in a moment." },
  live: { label: "Live", what: "Changes show as they are made." },
  waiting: { label: "Reconnecting", what: "The connection broke; nothing is lost, what was missed will show." },
  polling: { label: "Every 30 s", what: "This list is asked for again every 30 seconds." },
};

/** Whether what is seen is how things are. */
export function LiveIndicator({ state }: { state: LiveState }) {
  // A stream may be the last to learn that nothing comes any more.
  const shown = useConnection() !== "online" && state === "live" ? "waiting" : state;
  const { label, what } = WORDS[shown];
  return (
    <Tooltip title={what}>
      <span className="live-state">
        <span className="live-dot" data-state={shown} aria-hidden />
        {label}
      </span>
    </Tooltip>
  );
}
