import { useSyncExternalStore } from "react";
import { presentMs } from "@/vocabulary/clock";

type Clock = { subscribe(listener: () => void): () => void; read(): number };

const clocks = new Map<number, Clock>();

/** The time, in milliseconds since 1970, told anew every so many milliseconds. All of one cadence share a timer. */
export function useNow(everyMs: number): number {
  const clock = clocks.get(everyMs) ?? startClock(everyMs);
  return useSyncExternalStore(clock.subscribe, clock.read);
}

function startClock(everyMs: number): Clock {
  const listeners = new Set<() => void>();
  let now = presentMs();
  let timer: ReturnType<typeof setInterval> | undefined;
  const clock: Clock = {
    subscribe(listener) {
      listeners.add(listener);
      if (timer === undefined) {
        now = presentMs();
        timer = setInterval(() => {
          now = presentMs();
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
      if (timer === undefined && presentMs() - now > everyMs) {
        now = presentMs();
      }
      return now;
    },
  };
  clocks.set(everyMs, clock);
  return clock;
}
