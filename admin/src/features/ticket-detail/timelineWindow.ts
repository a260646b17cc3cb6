/**
 * What is held of a timeline, of which the stream tells every new entry in the order of the numbers.
 *
 * Of each kind there are held all entries above a number, save those of one gap: who reads further up while much
 * happens keeps what they read, some of what follows and the newest ones. Pages are joined by their numbers alone, so
 * it does not matter what comes while they are read.
 */
import type { TimelineEntry } from "@/api/schemas";
import { type Kind, type Kinds, kindOf, merged, ofKinds, SHOWN_KINDS, seqOf } from "./timelineEntries";
import type { TimelinePage } from "./timelineReads";

/** Entries of a kind above `after`, up to `upTo`, are let go. */
type Gap = {
  after: number;
  upTo: number;
  /** The highest number that was let go and is known to be of the kind; 0 when none is. */
  lost: number;
  /** How many were let go that nobody has seen. */
  unseen: number;
};

/** Entries of a kind up to `from` are not held; 0 when there are none. */
type Span = { from: number; gap?: Gap };

export type TimelineWindow = {
  /** What is shown. */
  kinds: Kinds;
  /** Of all kinds, lowest number first, each once. */
  entries: readonly TimelineEntry[];
  spans: Readonly<Record<Kind, Span>>;
  /** What the reader has seen goes up to this number; undefined for who follows the end, where the oldest are let go. */
  place: number | undefined;
  /** The highest number that was seen, also where the reader has gone back since. */
  seen: number;
};

/** Entries held of a timeline whose end is followed; and of each kind, on both sides of the gap, for who is not there. */
export const KEPT = 300;
/** Entries drawn beyond those that somebody who is not at the end has seen. */
export const AHEAD = 100;

/** The newest page, followed from there. */
export function opened({ entries, from }: TimelinePage): TimelineWindow {
  const spans = { messages: { from }, changes: { from } };
  return settled({ kinds: "all", entries, spans, place: undefined, seen: 0 });
}

/** Entries of what is shown with this number and lower ones are not held. */
export function fromOf({ spans }: TimelineWindow, kinds: Kinds): number {
  return Math.max(...SHOWN_KINDS[kinds].map((kind) => spans[kind].from));
}

/** Where what is shown ends; undefined where it goes on with the stream. */
export function endOf({ spans }: TimelineWindow, kinds: Kinds): number | undefined {
  const ends = SHOWN_KINDS[kinds].flatMap((kind) => spans[kind].gap?.after ?? []);
  return ends.length > 0 ? Math.min(...ends) : undefined;
}

/** Whether a number is within what would be shown as these kinds. */
export function reaches(window: TimelineWindow, kinds: Kinds, seq: number): boolean {
  return seq > fromOf(window, kinds) && seq <= (endOf(window, kinds) ?? seq);
}

/** What is shown, without a gap, of what is held and of others that are there. */
export function shownOf(window: TimelineWindow, others: readonly TimelineEntry[] = []): readonly TimelineEntry[] {
  const { kinds, entries } = window;
  const known = others.length > 0 ? merged(entries, others) : entries;
  return ofKinds(known, kinds).filter((entry) => reaches(window, kinds, seqOf(entry)));
}

/**
 * How many entries of the kinds shown, held or not, came beyond what was seen; 0 at the end. Of a gap in which the reader
 * of another kind has got on, all that was counted is.
 */
export function unseenOf({ kinds, spans, place, seen }: TimelineWindow, held: readonly TimelineEntry[]): number {
  if (place === undefined) {
    return 0;
  }
  const gaps = SHOWN_KINDS[kinds].flatMap((kind) => spans[kind].gap ?? []).filter(({ upTo }) => upTo > seen);
  return (
    gaps.reduce((sum, gap) => sum + gap.unseen, 0) + ofKinds(held, kinds).filter((entry) => seqOf(entry) > seen).length
  );
}

/** Entries that the stream tells of. */
export function withArrived(window: TimelineWindow, arrived: readonly TimelineEntry[]): TimelineWindow {
  return settled({ ...window, entries: merged(window.entries, arrived) });
}

/** The reader has seen all up to `place`; undefined for who is at the end, and lets go of what lies before a gap. */
export function movedTo(window: TimelineWindow, place: number | undefined): TimelineWindow {
  return place === window.place
    ? window
    : settled({ ...window, place, seen: place === undefined ? newestOf(window) : Math.max(window.seen, place) });
}

export function shownAs(window: TimelineWindow, kinds: Kinds): TimelineWindow {
  return settled({ ...window, kinds });
}

/** With the page that stands before what is shown of its kinds; unchanged where something else stands there by now. */
export function withOlder(window: TimelineWindow, page: TimelinePage): TimelineWindow {
  if (page.to !== fromOf(window, page.kinds)) {
    return window;
  }
  const span = ({ from, gap }: Span) => ({ from: Math.min(from, page.from), ...(gap && { gap }) });
  return joined(window, page, span);
}

/** With the page after the gap's beginning, up to which all was seen by who asks for it; unchanged as by `withOlder`. */
export function withNewer(window: TimelineWindow, page: TimelinePage & { more: boolean }): TimelineWindow {
  if (page.from !== endOf(window, page.kinds)) {
    return window;
  }
  const read = movedTo(window, Math.max(window.place ?? 0, page.from));
  return joined(read, page, ({ from, gap }) => {
    // An answer may be behind the stream: it is whole when it has what is known to be there.
    if (gap === undefined || page.to >= gap.upTo || (!page.more && page.to >= gap.lost)) {
      return { from };
    }
    return { from, gap: { ...gap, after: Math.max(gap.after, page.to) } };
  });
}

/** Shown as the kinds of the page, and around it; what came since stays. Not for who has gone to the end meanwhile. */
export function shownAround(window: TimelineWindow, page: TimelinePage): TimelineWindow {
  if (window.place === undefined) {
    return shownAs(window, page.kinds);
  }
  const place = seqOf(page.entries.at(-1)) || page.to;
  const shown = { ...window, kinds: page.kinds, place, seen: Math.max(window.seen, place) };
  return joined(shown, page, ({ from, gap }) => {
    const upTo = gap?.upTo ?? from;
    const touches = gap !== undefined && page.from <= gap.after && page.to >= from;
    if (page.to >= upTo) {
      return { from: Math.min(page.from, touches ? from : upTo) };
    }
    return touches
      ? { from: Math.min(page.from, from), gap: { ...gap, after: Math.max(gap.after, page.to) } }
      : { from: page.from, gap: { lost: 0, unseen: 0, ...gap, after: page.to, upTo } };
  });
}

/**
 * What the stream is to tell of again since it is opened with another reason: all after the number where every kind is
 * held without a gap. `others` stand for what is held, where that must not be seen any longer.
 */
export function readAgain(window: TimelineWindow, others?: readonly TimelineEntry[]): TimelineWindow {
  const from = resumeOf(window);
  const place = window.place !== undefined && window.place > from ? window.place : undefined;
  const spans = { messages: { from }, changes: { from } };
  return settled({ ...window, entries: others ?? window.entries, spans, place });
}

/** The number above which every kind is held without a gap. */
export function resumeOf({ spans }: TimelineWindow): number {
  return Math.max(...Object.values(spans).map(({ from, gap }) => gap?.upTo ?? from));
}

/**
 * What is drawn for somebody who has seen all up to `place`: that, and some of what comes after it. The rest waits, so
 * that a ticket on which much happens does not fill the page of who reads further up. Who follows the end sees all.
 */
export function drawnOf(
  entries: readonly TimelineEntry[],
  place: number | undefined,
  ahead = AHEAD,
): readonly TimelineEntry[] {
  if (place === undefined) {
    return entries;
  }
  const next = entries.findIndex((entry) => seqOf(entry) > place);
  return next < 0 ? entries : entries.slice(0, next + ahead);
}

function newestOf({ entries }: TimelineWindow): number {
  return seqOf(entries.at(-1));
}

function holds({ from, gap }: Span, entry: TimelineEntry): boolean {
  const seq = seqOf(entry);
  return seq > from && (gap === undefined || seq <= gap.after || seq > gap.upTo);
}

/** With the page's entries, and the spans of its kinds anew. Of what a gap has it is known what was and is held. */
function joined(window: TimelineWindow, page: TimelinePage, spanOf: (before: Span) => Span): TimelineWindow {
  const entries = merged(window.entries, page.entries);
  const spans = { ...window.spans };
  for (const kind of SHOWN_KINDS[page.kinds]) {
    const before = window.spans[kind];
    const after = spanOf(before);
    const { gap } = after;
    const changed = ofKinds(entries, kind).filter((entry) => holds(before, entry) !== holds(after, entry));
    const letGo = changed.filter((entry) => gap && holds(before, entry) && seqOf(entry) > gap.after);
    const unseen = changed
      .filter((entry) => seqOf(entry) > window.seen)
      .reduce((sum, entry) => sum + (holds(after, entry) ? -1 : 1), gap?.unseen ?? 0);
    const lost = Math.max(gap?.lost ?? 0, seqOf(letGo.at(-1)));
    spans[kind] = gap ? { ...after, gap: { ...gap, lost, unseen: Math.max(0, unseen) } } : after;
  }
  return settled({ ...window, entries, spans });
}

/** Without what need not be held. */
function settled(window: TimelineWindow): TimelineWindow {
  const spans = window.place === undefined ? spansAtEnd(window) : spansFurtherUp(window, window.place);
  const entries = window.entries.filter((entry) => holds(spans[kindOf(entry)], entry));
  const seen = window.place === undefined ? Math.max(window.seen, newestOf(window)) : window.seen;
  return { ...window, entries, spans, seen };
}

/** The newest of all kinds that are shown together, and of each other kind, without a gap. */
function spansAtEnd({ kinds, entries, spans }: TimelineWindow): TimelineWindow["spans"] {
  const spanOf = (kind: Kind): Span => {
    const { from, gap } = spans[kind];
    const rivals = kinds === "all" ? entries : ofKinds(entries, kind);
    return { from: Math.max(gap?.upTo ?? from, rivals.length > KEPT ? seqOf(rivals.at(-KEPT)) - 1 : 0) };
  };
  return { messages: spanOf("messages"), changes: spanOf("changes") };
}

/** Of each kind what was seen, the next of what was not, and the newest. */
function spansFurtherUp({ entries, spans, seen }: TimelineWindow, place: number): TimelineWindow["spans"] {
  const spanOf = (kind: Kind): Span => {
    const { from, gap } = spans[kind];
    const waiting = ofKinds(entries, kind).filter((entry) => seqOf(entry) > (gap?.upTo ?? place));
    const next = gap ? 0 : KEPT;
    if (waiting.length <= next + KEPT) {
      return spans[kind];
    }
    const letGo = waiting.slice(next, -KEPT);
    const upTo = seqOf(letGo.at(-1));
    const unseen = (gap?.unseen ?? 0) + letGo.filter((entry) => seqOf(entry) > seen).length;
    return { from, gap: { after: gap?.after ?? seqOf(waiting[next - 1]), upTo, lost: upTo, unseen } };
  };
  return { messages: spanOf("messages"), changes: spanOf("changes") };
}
