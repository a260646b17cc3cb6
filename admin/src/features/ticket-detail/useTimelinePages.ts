import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { Kinds } from "./timelineEntries";
import { readAbove, readAround, readBelow, timelineReader } from "./timelineReads";
import {
  endOf,
  fromOf,
  movedTo,
  reaches,
  shownAround,
  shownAs,
  shownOf,
  type TimelineWindow,
  withNewer,
  withOlder,
} from "./timelineWindow";
import type { Reveal } from "./useReveal";

/** Where so few entries are shown, older ones are loaded without being asked for. */
const FEW = 20;

type Reading = { busy: boolean; error: unknown };
const IDLE: Reading = { busy: false, error: null };

export type TimelinePages = {
  /** Older ones are there to be loaded. */
  hasOlder: boolean;
  older: Reading;
  loadOlder(): void;
  /** Not all up to the newest is held. */
  hasNewer: boolean;
  newer: Reading;
  loadNewer(): void;
  /** What will be shown once it is read. */
  turningTo: Kinds | undefined;
  /** What was chosen before anything was there. */
  chosen: Kinds;
  turnError: unknown;
  /** Shows these kinds: around the entry that was in view, or without one at the end. */
  show(kinds: Kinds, inView?: number): void;
};

/** Reads what of a timeline is not held: what is older, what was let go, and what is around an entry. */
export function useTimelinePages(
  ticketId: string,
  reveal: Reveal,
  window: TimelineWindow | undefined,
  change: (to: (before: TimelineWindow) => TimelineWindow) => void,
): TimelinePages {
  const [older, setOlder] = useState(IDLE);
  const [newer, setNewer] = useState(IDLE);
  const [turn, setTurn] = useState<{ kinds: Kinds | undefined; error: unknown }>();
  const [chosen, setChosen] = useState<Kinds>("all");
  const turns = useRef(0);
  const serial = useRef(reveal.serial);
  useEffect(() => {
    serial.current = reveal.serial;
  }, [reveal.serial]);
  const kinds = window?.kinds ?? "all";
  const from = window ? fromOf(window, kinds) : 0;
  const end = window && endOf(window, kinds);
  const read = timelineReader(ticketId, reveal.reason);

  /** What was hidden meanwhile, or asked for with another reason, is not taken. */
  async function taken<Page>(
    set: (reading: Reading) => void,
    page: Promise<Page>,
    into: (window: TimelineWindow, page: Page) => TimelineWindow,
  ) {
    set({ busy: true, error: null });
    try {
      const found = await page;
      if (serial.current === reveal.serial) {
        change((before) => into(before, found));
      }
      set(IDLE);
    } catch (error) {
      set({ busy: false, error });
    }
  }
  const loadOlder = () => void taken(setOlder, readBelow(read, kinds, from), withOlder);

  const isSparse = window !== undefined && from > 0 && shownOf(window).length < FEW;
  const isSparseAndIdle = isSparse && !older.busy && older.error === null;
  const fill = useEffectEvent(loadOlder);
  // biome-ignore lint/correctness/useExhaustiveDependencies: of other kinds there may be few again, and below another number
  useEffect(() => {
    if (isSparseAndIdle) {
      fill();
    }
  }, [isSparseAndIdle, kinds, from]);

  return {
    hasOlder: from > 0,
    older,
    loadOlder() {
      // Who asks for older ones does not want them let go.
      change((before) => (before.place === undefined ? movedTo(before, before.seen) : before));
      loadOlder();
    },
    hasNewer: end !== undefined,
    newer,
    loadNewer() {
      if (end !== undefined) {
        void taken(setNewer, readAbove(read, kinds, end), withNewer);
      }
    },
    turningTo: turn?.kinds ?? (window ? undefined : chosen),
    chosen,
    turnError: turn?.error,
    show(next, inView) {
      turns.current += 1;
      const number = turns.current;
      setOlder((before) => (before.busy ? before : IDLE));
      setNewer((before) => (before.busy ? before : IDLE));
      setTurn(undefined);
      setChosen(next);
      if (inView === undefined) {
        change((before) => movedTo(shownAs(before, next), undefined));
      } else if (window === undefined || reaches(window, next, inView)) {
        change((before) => shownAs(before, next));
      } else {
        void taken(
          ({ busy, error }) => turns.current === number && setTurn({ kinds: busy ? next : undefined, error }),
          readAround(read, next, inView),
          (before, page) => (turns.current === number ? shownAround(before, page) : before),
        );
      }
    },
  };
}
