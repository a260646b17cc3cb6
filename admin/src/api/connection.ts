import { useSyncExternalStore } from "react";

/** `offline`: the device says that it has no network. `unreachable`: requests get no answer. */
export type Connection = "online" | "offline" | "unreachable";

/** A single request may fail where the next does not, as while a gateway is replaced. */
const FAILURES = 2;

/** A gateway ends each call in 30 s, and sends a comment on each stream every ten: after that long it is dead. */
export const SILENCE_MS = 45_000;

let failures = 0;
const listeners = new Set<() => void>();

/** Some answer has come, whatever it was. */
export function noteAnswer(): void {
  become(0);
}

/** No byte came in the time in which a gateway that works answers or sends something: that one time is enough. */
export function noteSilence(): void {
  become(Math.max(failures, FAILURES));
}

/** A request that nobody took back got no answer. */
export function noteNoAnswer(): void {
  become(failures + 1);
}

/** As it is now; components follow it by `useConnection`. */
export function connection(): Connection {
  if (!navigator.onLine) {
    return "offline";
  }
  return failures < FAILURES ? "online" : "unreachable";
}

/** Whether what is shown can be as it is at the service. */
export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, connection);
}

function become(count: number): void {
  const before = connection();
  failures = count;
  if (connection() !== before) {
    tell();
  }
}

function tell(): void {
  for (const listener of listeners) {
    listener();
  }
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    window.addEventListener("online", back);
    window.addEventListener("offline", tell);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.removeEventListener("online", back);
      window.removeEventListener("offline", tell);
    }
  };
}

/** What failed, failed for want of a network: whether the service is there, the next requests tell. */
function back(): void {
  failures = 0;
  tell();
}
