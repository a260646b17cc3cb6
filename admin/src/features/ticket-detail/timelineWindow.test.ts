import { expect, it } from "vitest";
import type { TimelineEntry } from "@/api/schemas";
import { type Kinds, ofKinds, seqOf } from "./timelineEntries";
import { PAGE, type ReadTimeline, readAbove, readAround, readBelow } from "./timelineReads";
import {
  drawnOf,
  endOf,
  fromOf,
  KEPT,
  movedTo,
  opened,
  reaches,
  readAgain,
  resumeOf,
  shownAround,
  shownAs,
  shownOf,
  type TimelineWindow,
  unseenOf,
  withArrived,
  withNewer,
  withOlder,
} from "./timelineWindow";

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const seqs = (entries: readonly TimelineEntry[]) => entries.map(seqOf);

/** So many entries, of which those are changes whose numbers are chosen. */
function entriesUpTo(count: number, isChange: (seq: number) => boolean = () => false): TimelineEntry[] {
  return upTo(count).map((seq) => ({
    seq: String(seq),
    createdAt: "",
    ...(isChange(seq) ? { auditEntry: {} } : { message: {} }),
  }));
}

/** A service with a timeline that grows, and one that reads it. */
function serviceOf(all: readonly TimelineEntry[], count = all.length) {
  const service = { count };
  const read: ReadTimeline = async ({ after, newestFirst, kinds }, size) => {
    const there = ofKinds(all.slice(0, service.count), kinds);
    const rest = newestFirst
      ? there.filter((entry) => after === 0 || seqOf(entry) < after).toReversed()
      : there.filter((entry) => seqOf(entry) > after);
    return { entries: rest.slice(0, size), more: rest.length > size };
  };
  return { service, read, open: async () => opened(await readBelow(read, "all")) };
}

/** The same, told of all from one number up to another. */
const told = (window: TimelineWindow, all: readonly TimelineEntry[], from: number, to: number) =>
  withArrived(window, all.slice(from, to));

it.each([0, 1, 99, 100])("opens with all of %i entries", async (count) => {
  const window = await serviceOf(entriesUpTo(count)).open();
  expect([seqs(shownOf(window)), fromOf(window, "all")]).toEqual([upTo(count), 0]);
});

it.each([101, 10_000])("opens with the newest of %i entries", async (count) => {
  const window = await serviceOf(entriesUpTo(count)).open();
  expect(seqs(shownOf(window))).toEqual(upTo(count).slice(-PAGE));
  expect(fromOf(window, "all")).toBe(count - PAGE);
});

it("keeps the newest for who follows the end, and reads what was let go again", async () => {
  const all = entriesUpTo(900);
  const { read, service, open } = serviceOf(all, 50);
  let window = await open();
  for (service.count = 50; service.count < 900; service.count += 10) {
    window = told(window, all, service.count, service.count + 10);
  }
  expect(seqs(shownOf(window))).toEqual(upTo(900).slice(-KEPT));
  window = withOlder(movedTo(window, 900), await readBelow(read, "all", fromOf(window, "all")));
  expect(seqs(shownOf(window))).toEqual(upTo(900).slice(-KEPT - PAGE));
});

it("holds a bounded number for who stays further up, and counts the rest", async () => {
  const all = entriesUpTo(20_050, (seq) => seq % 3 === 0);
  let window = movedTo(await serviceOf(all, 50).open(), 50);
  for (let count = 50; count < 20_050; count += 400) {
    window = told(window, all, count, count + 400);
    expect(window.entries.length).toBeLessThanOrEqual(50 + 4 * KEPT);
    expect(unseenOf(window, window.entries)).toBe(count + 350);
  }
  expect(unseenOf(shownAs(window, "changes"), window.entries)).toBe(Math.floor(20_050 / 3) - Math.floor(50 / 3));
  const end = endOf(window, "all") ?? 0;
  expect(seqs(shownOf(window))).toEqual(upTo(end));
  expect(end).toBeGreaterThanOrEqual(50 + KEPT);
});

it("goes to the end without a gap, and on from there", async () => {
  const all = entriesUpTo(9_000, (seq) => seq % 5 === 0);
  const { read, service, open } = serviceOf(all, 50);
  let window = movedTo(await open(), 50);
  window = told(window, all, 50, 5_000);
  window = movedTo(window, undefined);
  expect(seqs(shownOf(window))).toEqual(upTo(5_000).slice(-KEPT));
  // While a page is read others come, which it may have or not.
  service.count = 5_007;
  const page = await readBelow(read, "all", fromOf(window, "all"));
  window = told(window, all, 5_000, 5_020);
  window = withOlder(movedTo(window, 5_020), page);
  expect(seqs(shownOf(window)).at(-1)).toBe(5_020);
  expect(seqs(shownOf(window))).toEqual(upTo(5_020).slice((seqs(shownOf(window))[0] as number) - 1));
});

it("reads a gap from below until it is closed, while others come", async () => {
  const all = entriesUpTo(4_000, (seq) => seq % 7 === 0);
  const { read, service, open } = serviceOf(all, 50);
  let window = movedTo(await open(), 50);
  window = told(window, all, 50, 3_000);
  service.count = 3_000;
  for (let end = endOf(window, "all"); end !== undefined; end = endOf(window, "all")) {
    const page = await readAbove(read, "all", end);
    window = told(window, all, service.count, service.count + 5);
    service.count += 5;
    window = withNewer(window, page);
    expect(seqs(shownOf(window))).toEqual(upTo(seqOf(shownOf(window).at(-1))));
    expect(unseenOf(window, window.entries)).toBe(service.count - end);
  }
  expect(seqs(shownOf(window))).toEqual(upTo(service.count));
});

it("does not take a page for the end that is behind the stream", async () => {
  const all = entriesUpTo(2_000);
  let window = told(movedTo(await serviceOf(all, 50).open(), 50), all, 50, 2_000);
  const end = endOf(window, "all") ?? 0;
  const behind = serviceOf(all, end + 10);
  window = withNewer(window, await readAbove(behind.read, "all", end));
  expect(endOf(window, "all")).toBe(end + 10);
  expect(seqs(shownOf(window))).toEqual(upTo(end + 10));
});

it("takes no page where something else stands by now", async () => {
  const all = entriesUpTo(2_000);
  const { read, open } = serviceOf(all, 1_000);
  const window = await open();
  const page = await readBelow(read, "all", fromOf(window, "all"));
  const later = told(window, all, 1_000, 2_000);
  expect(withOlder(later, page)).toBe(later);
  expect(withNewer(later, { ...page, more: true })).toBe(later);
});

it("reaches the one change below a hundred thousand messages with one page", async () => {
  const { read, open } = serviceOf(entriesUpTo(100_000, (seq) => seq === 3));
  const window = shownAs(await open(), "changes");
  expect(shownOf(window)).toEqual([]);
  const found = withOlder(window, await readBelow(read, "changes", fromOf(window, "changes")));
  expect([seqs(shownOf(found)), fromOf(found, "changes")]).toEqual([[3], 0]);
  const all = shownAs(found, "all");
  expect(seqs(shownOf(all))).toEqual(upTo(100_000).slice(-PAGE));
  const older = withOlder(all, await readBelow(read, "all", fromOf(all, "all")));
  expect(seqs(shownOf(shownAs(older, "changes")))).toEqual([3]);
});

it("shows what is around an entry far up, what came since stays, and reads on to it", async () => {
  const all = entriesUpTo(2_010, (seq) => seq % 50 === 0);
  const { read, open } = serviceOf(all, 2_000);
  let window = movedTo(shownAs(await open(), "changes"), 2_000);
  window = withOlder(window, await readBelow(read, "changes", fromOf(window, "changes")));
  expect(reaches(window, "all", 500)).toBe(false);
  const around = await readAround(read, "all", 500);
  window = shownAround(told(window, all, 2_000, 2_010), around);
  expect(seqs(shownOf(window))).toEqual(upTo(550).slice(-PAGE));
  expect(unseenOf(window, window.entries)).toBe(10);
  expect(seqs(shownOf(shownAs(window, "changes")))).toEqual(upTo(2_010).filter((seq) => seq % 50 === 0));
  for (let end = endOf(window, "all"); end !== undefined; end = endOf(window, "all")) {
    window = withNewer(window, await readAbove(read, "all", end));
  }
  expect(seqs(shownOf(window))).toEqual(upTo(2_010).slice(450));
});

it("does not take back who has gone to the end meanwhile", async () => {
  const { read, open } = serviceOf(entriesUpTo(2_000));
  const window = shownAround(await open(), await readAround(read, "messages", 500));
  expect(window.kinds).toBe("messages");
  expect(seqs(shownOf(window))).toEqual(upTo(2_000).slice(-PAGE));
});

it("has the stream tell again of what is held without a gap", async () => {
  const all = entriesUpTo(5_000);
  const withGap = told(movedTo(await serviceOf(all, 50).open(), 50), all, 50, 5_000);
  const from = resumeOf(withGap);
  expect(from).toBe(5_000 - KEPT);
  const again = readAgain(withGap, []);
  expect([shownOf(again), fromOf(again, "all"), again.place]).toEqual([[], from, undefined]);
  expect(seqs(shownOf(told(again, all, from, 5_000)))).toEqual(upTo(5_000).slice(-KEPT));
});

/** Numbers that look random, and are the same in each run. */
function* dice(seed: number): Generator<(sides: number) => number, never> {
  let state = seed;
  const roll = (sides: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
  while (true) {
    yield roll;
  }
}

type Step = (now: TimelineWindow) => TimelineWindow;

it.each(upTo(200))("shows without a gap whatever is read and comes, in whatever order (%i)", async (seed) => {
  const roll = dice(seed * 7_919).next().value;
  const rare = 2 + roll(60);
  const all = entriesUpTo(6_000, (seq) => (seq * 2_654_435_761) % 97 < rare);
  const { read, service, open } = serviceOf(all, 1 + roll(roll(2) === 0 ? 300 : 1_500));
  let window = await open();
  let straddled = false;
  // Answers that are on their way.
  const answers: Step[] = [];
  for (let step = 0; step < 80; step += 1) {
    const { kinds, place } = window;
    const shown = shownOf(window);
    const before = window;
    const answer = (taken: Step): Step => {
      answers.push(taken);
      return (now) => now;
    };
    const act = await [
      // An answer comes when it comes, in whatever order.
      async () => answers.splice(roll(answers.length), 1)[0] ?? ((now: TimelineWindow) => now),
      async () => answers.splice(roll(answers.length), 1)[0] ?? ((now: TimelineWindow) => now),
      async () => {
        const page = await readBelow(read, kinds, fromOf(before, kinds));
        return answer((now) => (page.to > 0 ? withOlder(now, page) : now));
      },
      async () => {
        const page = await readAbove(read, kinds, endOf(before, kinds) ?? 0);
        return answer((now) => withNewer(now, page));
      },
      async () => {
        const next = (["all", "messages", "changes"] as const)[roll(3)] as Kinds;
        const inView = seqOf(shown[roll(shown.length)]);
        if (place === undefined || inView === 0 || reaches(before, next, inView)) {
          return (now: TimelineWindow) => (inView === 0 ? movedTo(shownAs(now, next), undefined) : shownAs(now, next));
        }
        const page = await readAround(read, next, inView);
        return answer((now) => shownAround(now, page));
      },
      async () => (now: TimelineWindow) => movedTo(now, undefined),
      async () => (now: TimelineWindow) => movedTo(now, now.place ?? now.seen),
      async () => (now: TimelineWindow) =>
        now.place === undefined
          ? now
          : movedTo(now, Math.max(now.place, seqOf(drawnOf(shownOf(now), now.place).at(-1)))),
    ][roll(8)]?.();
    const more = Math.min(all.length - service.count, roll(4) === 0 ? roll(400) : roll(5));
    const parts = [roll(more + 1), more];
    let from = service.count;
    service.count += more;
    window = told(window, all, from, from + (parts[0] as number));
    from += parts[0] as number;
    const reached = act ? act(window) : window;
    window = told(reached, all, from, service.count);

    const now = seqs(shownOf(window));
    const first = fromOf(window, window.kinds);
    const end = endOf(window, window.kinds) ?? service.count;
    const there = ofKinds(all.slice(0, service.count), window.kinds);
    expect(now).toEqual(seqs(there.filter((entry) => seqOf(entry) > first && seqOf(entry) <= end)));
    const unseen = window.place === undefined ? 0 : there.filter((entry) => seqOf(entry) > window.seen).length;
    straddled ||= Object.values(window.spans).some(
      ({ gap }) => gap && gap.after < window.seen && gap.upTo > window.seen,
    );
    expect(unseenOf(window, window.entries)).toBeGreaterThanOrEqual(unseen);
    if (!straddled) {
      expect(unseenOf(window, window.entries)).toBe(unseen);
    }
  }
});

it("draws all for who follows the end, and a part of what came for who does not", () => {
  const entries = entriesUpTo(1_000).filter((entry) => seqOf(entry) % 2 === 0);
  expect(drawnOf(entries, undefined)).toBe(entries);
  expect(seqs(drawnOf(entries, 100, 25))).toEqual(upTo(150).filter((seq) => seq % 2 === 0));
  expect(seqs(drawnOf(entries, 101, 25))).toEqual(upTo(150).filter((seq) => seq % 2 === 0));
  expect(drawnOf(entries, 990, 25)).toEqual(entries);
  expect(drawnOf(entries, 1_000, 25)).toEqual(entries);
  expect(drawnOf(entries, 1, 25)).toHaveLength(25);
});

it("reaches the end by steps, nothing twice and nothing left out", () => {
  const entries = entriesUpTo(777);
  let place = 10;
  for (let step = 0; step < 8; step += 1) {
    const drawn = drawnOf(entries, place);
    expect(drawn).toEqual(entries.slice(0, Math.min(777, place + 100)));
    place = seqOf(drawn.at(-1));
  }
  expect(place).toBe(777);
});
