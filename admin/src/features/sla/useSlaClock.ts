import type { Ticket } from "@/api/schemas";
import { useNow } from "@/ui/useNow";
import { presentMs } from "@/vocabulary/clock";
import { type SlaClock, slaClockOf, turnsOf } from "./slaClock";

const COARSE_MS = 15_000;
const FINE_MS = 1_000;
/** A minute told by the second, and one coarse tick more, so that none of it is missed. */
const CLOSE_MS = 60_000 + COARSE_MS;

const readTimes = new WeakMap<Ticket, number>();

/**
 * The clock of a ticket, and the present. `readAt` is when the ticket was asked for; left out, it is when this page
 * first drew that answer.
 */
export function useSlaClock(ticket: Ticket, readAt?: number): { clock: SlaClock; now: number } {
  const clock = slaClockOf(ticket, readAt ?? firstDrawnAt(ticket));
  return { clock, now: Math.max(clock.readAt, useNowNear(turnsOf(clock))) };
}

/**
 * The present, told every 15 seconds, and every second around the instants at which what is shown turns. All who ask
 * share these two timers.
 */
export function useNowNear(turns: readonly number[]): number {
  const coarse = useNow(COARSE_MS);
  const isClose = turns.some((turn) => Math.abs(turn - coarse) < CLOSE_MS);
  return Math.max(coarse, useNow(isClose ? FINE_MS : COARSE_MS));
}

function firstDrawnAt(ticket: Ticket): number {
  const known = readTimes.get(ticket);
  if (known !== undefined) {
    return known;
  }
  const now = presentMs();
  readTimes.set(ticket, now);
  return now;
}
