import { theme } from "antd";
import { useConnection } from "@/api/connection";
import type { StreamState } from "@/api/stream";

const WORDS: Readonly<Record<StreamState, string>> = {
  connecting: "Connecting…",
  live: "Live",
  waiting: "Reconnecting…",
};

/** Whether what one sees is told of changes as they are made. */
export function LiveState({ state }: { state: StreamState }) {
  const { token } = theme.useToken();
  // A stream may be the last to learn that nothing comes any more.
  const shown = useConnection() !== "online" && state === "live" ? "waiting" : state;
  const colour = { connecting: token.colorTextQuaternary, live: token.colorSuccess, waiting: token.colorWarning }[
    shown
  ];
  return (
    <span className="live-state" role="status" style={{ color: token.colorTextDescription }}>
      <span aria-hidden className={`live-dot live-dot-${shown}`} style={{ background: colour }} />
      {WORDS[shown]}
    </span>
  );
}
