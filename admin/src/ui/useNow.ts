import { useSyncExternalStore } from "react";

type Clock = { subscribe(listener: () => void): () => void; read(): number };

const clocks = new Map<number, Clock>();

/** The time, in milliseconds since 1970, told anew every so many milliseconds. All of one cadence share a timer. */
export function useNow(everyMs: number): number {
  const clock = clocks.get(everyMs) ?? startClock(everyMs);
  return useSyncExternalStore(clock.subscribe, clock.read);
}

function startClock(everyMs: number): Clock {
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const clock: Clock = {
    subscribe(listener) {
      listeners.add(listener);
      if (timer === undefined) {
        now = Date.now();
        timer = setInterval(() => {
          now = Date.now();
          for (const each of listeners) {
            each();
          }
        }, everyMs);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      };
    },
    read() {
      if (timer === undefined && Date.now() - now > everyMs) {
        now = Date.now();
      }
      return now;
    },
  };
  clocks.set(everyMs, clock);
  return clock;
}
