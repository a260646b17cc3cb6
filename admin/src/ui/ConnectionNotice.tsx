import { Alert } from "antd";
import { type Connection, useConnection } from "@/api/connection";

const WORDS: Record<Connection, string | undefined> = {
  online: undefined,
  offline: "You are offline. What you see may be old, and nothing can be saved.",
  unreachable: "The service does not answer and is tried again. What you see may be old.",
};

/** Says at once, wherever it stands, that what is shown may be old. */
export function ConnectionNotice() {
  return <ConnectionBanner connection={useConnection()} />;
}

/** Nothing while all is well. */
export function ConnectionBanner({ connection }: { connection: Connection }) {
  const words = WORDS[connection];
  return words === undefined ? null : <Alert banner type="warning" title={words} />;
}
