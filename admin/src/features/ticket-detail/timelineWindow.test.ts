import { expect, it } from "vitest";
import type { TimelineEntry } from "@/api/schemas";
import { drawnOf, fromOfNewest, type ReadTimeline, readPage, seqOf } from "./timelineWindow";

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const entriesOf = (seqs: readonly number[]) =>
  seqs.map((seq): TimelineEntry => ({ ticketId: "TKT-1", seq: String(seq), createdAt: "" }));

/** A timeline of which the reader sees the numbers given. */
function timelineOf(seqs: readonly number[]) {
  const calls: [below: number, size: number][] = [];
  const read: ReadTimeline = async (below, size) => {
    calls.push([below, size]);
    const rest = seqs.filter((seq) => below === 0 || seq < below).toReversed();
    return { entries: entriesOf(rest.slice(0, size)), more: rest.length > size };
  };
  return { read, calls };
}

it.each([0, 1, 99, 100])("reads all of %i entries at once", async (count) => {
  const { read, calls } = timelineOf(upTo(count));
  const { entries, from } = await readPage(read);
  expect([entries.map(seqOf), from]).toEqual([upTo(count), 0]);
  expect(calls).toEqual([[0, 100]]);
});

it.each([101, 10_000])("reads the newest of %i entries with one call", async (count) => {
  const { read, calls } = timelineOf(upTo(count));
  const { entries, from } = await readPage(read);
  expect(entries.map(seqOf)).toEqual(upTo(count).slice(-100));
  expect(from).toBe(count - 100);
  expect(calls).toHaveLength(1);
});

it.each([1, 7])("reads what is older up to the beginning, each once, where one of %i is seen", async (nth) => {
  const seqs = upTo(1_450).filter((seq) => seq % nth === 0);
  const { read } = timelineOf(seqs);
  const seen: number[] = [];
  for (let from: number | undefined; from !== 0; ) {
    const page = await readPage(read, from);
    seen.unshift(...page.entries.map(seqOf));
    from = page.from;
  }
  expect(seen).toEqual(seqs);
});

it("lets the oldest go where there are more than are kept, and reads them again from there", async () => {
  const seqs = upTo(900).filter((seq) => seq % 3 !== 0);
  expect(fromOfNewest(entriesOf(seqs.slice(0, 300)))).toBeUndefined();
  const from = fromOfNewest(entriesOf(seqs)) ?? 0;
  expect(seqs.filter((seq) => seq > from)).toEqual(seqs.slice(-300));
  const { entries } = await readPage(timelineOf(seqs).read, from);
  expect(entries.map(seqOf)).toEqual(seqs.slice(-400, -300));
});

it("draws all for who follows the end, and a part of what came for who does not", () => {
  const entries = entriesOf(upTo(1_000).filter((seq) => seq % 2 === 0));
  expect(drawnOf(entries, undefined)).toBe(entries);
  expect(drawnOf(entries, 100, 25).map(seqOf)).toEqual(upTo(150).filter((seq) => seq % 2 === 0));
  expect(drawnOf(entries, 101, 25).map(seqOf)).toEqual(upTo(150).filter((seq) => seq % 2 === 0));
  expect(drawnOf(entries, 990, 25)).toEqual(entries);
  expect(drawnOf(entries, 1_000, 25)).toEqual(entries);
  expect(drawnOf(entries, 1, 25)).toHaveLength(25);
});

it("reaches the end by steps, nothing twice and nothing left out", () => {
  const entries = entriesOf(upTo(777));
  let place = 10;
  for (let step = 0; step < 8; step += 1) {
    const drawn = drawnOf(entries, place);
    expect(drawn).toEqual(entries.slice(0, Math.min(777, place + 100)));
    place = seqOf(drawn.at(-1));
  }
  expect(place).toBe(777);
});
