import { theme } from "antd";
import type { StreamState } from "@/api/stream";

const WORDS: Readonly<Record<StreamState, string>> = {
  connecting: "Connecting…",
  live: "Live",
  waiting: "Reconnecting…",
};

/** Whether what one sees is told of changes as they are made. */
export function LiveState({ state }: { state: StreamState }) {
  const { token } = theme.useToken();
  const colour = { connecting: token.colorTextQuaternary, live: token.colorSuccess, waiting: token.colorWarning }[
    state
  ];
  return (
    <span className="live-state" role="status" style={{ color: token.colorTextDescription }}>
      <span aria-hidden className={`live-dot live-dot-${state}`} style={{ background: colour }} />
      {WORDS[state]}
    </span>
  );
}
