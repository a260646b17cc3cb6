import { expect, it } from "vitest";
import type { TimelineEntry } from "@/api/schemas";
import { type ReadTimeline, readNewest, readOlder, seqOf } from "./timelineWindow";

/** A timeline of which the reader sees the numbers given. */
function timelineOf(seqs: readonly number[]) {
  const calls: [after: number, size: number][] = [];
  const read: ReadTimeline = async (after, size) => {
    calls.push([after, size]);
    const rest = seqs.filter((seq) => seq > after);
    const entries = rest
      .slice(0, size)
      .map((seq): TimelineEntry => ({ ticketId: "TKT-1", seq: String(seq), createdAt: "" }));
    return { entries, more: rest.length > size };
  };
  return { read, calls };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

it("reads a short timeline at once, and an empty one", async () => {
  const { read, calls } = timelineOf(upTo(200));
  expect(await readNewest(read)).toMatchObject({ from: 0, newest: 200 });
  expect(calls).toEqual([[0, 200]]);
  expect(await readNewest(timelineOf([]).read)).toEqual({ entries: [], from: 0, newest: 0 });
});

it.each([201, 333, 1_000, 9_999, 10_000, 123_456])(
  "finds the newest of %i entries without reading them all",
  async (count) => {
    const { read, calls } = timelineOf(upTo(count));
    const { entries, from, newest } = await readNewest(read);
    expect(newest).toBe(count);
    expect(entries.map(seqOf)).toEqual(upTo(count).slice(from));
    expect(entries.length).toBeGreaterThanOrEqual(Math.min(100, count));
    expect(entries.length).toBeLessThanOrEqual(201);
    expect(calls.length).toBeLessThan(70);
  },
);

it("finds the newest where the reader sees gaps", async () => {
  const seqs = upTo(3_000).filter((seq) => seq % 7 === 0);
  const { entries, newest } = await readNewest(timelineOf(seqs).read);
  expect(newest).toBe(seqs.at(-1));
  expect(entries.map(seqOf)).toEqual(seqs.slice(-entries.length));
});

it("reads what is older without gaps up to the beginning", async () => {
  const { read } = timelineOf(upTo(450));
  const first = await readNewest(read);
  const seen = first.entries.map(seqOf);
  for (let from = first.from; from > 0; ) {
    const older = await readOlder(read, from);
    seen.unshift(...older.entries.map(seqOf));
    from = older.from;
  }
  expect(seen).toEqual(upTo(450));
});

it("reaches over a long gap", async () => {
  const { read } = timelineOf([1, 2, 3, 2_000]);
  const { entries } = await readOlder(read, 1_500);
  expect(entries.map(seqOf)).toEqual([1, 2, 3]);
});
