import { Code, ConnectError } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { test } from "node:test";

import { followTickets, followTimeline, TicketsError } from "../src/index.js";
import { clientOf } from "./fake_server.js";

test("a timeline is resumed after the last number, of entries and of progress marks", async (t) => {
  const asked: bigint[] = [];
  const client = await clientOf(t, {
    watchTimeline: async function* ({ afterSeq }) {
      asked.push(afterSeq);
      if (afterSeq === 5n) {
        yield { event: { case: "progress", value: { seq: 9n } } };
      } else {
        yield { event: { case: "entry", value: { seq: afterSeq + 1n } } };
        yield { event: { case: "entry", value: { seq: afterSeq + 2n } } };
      }
      throw new ConnectError("restarting", Code.Unavailable);
    },
  });
  const seqs: bigint[] = [];
  for await (const entry of followTimeline(client, { ticketId: "TKT-1", afterSeq: 3n })) {
    seqs.push(entry.seq);
    if (seqs.length === 3) {
      break;
    }
  }
  assert.deepEqual(seqs, [4n, 5n, 10n]);
  assert.deepEqual(asked, [3n, 5n, 9n]);
});

test("lost access ends it", async (t) => {
  const client = await clientOf(t, {
    watchTimeline: async function* () {
      yield {};
      throw new ConnectError("No such ticket.", Code.NotFound);
    },
  });
  const entries = followTimeline(client, { ticketId: "TKT-1" });
  await assert.rejects(entries.next(), (error) => error instanceof TicketsError && error.code === Code.NotFound);
});

test("tickets are resumed from the last cursor, without a second snapshot", async (t) => {
  const asked: [string, number][] = [];
  const client = await clientOf(t, {
    watchTickets: async function* ({ cursor, snapshotSize }) {
      asked.push([cursor, snapshotSize]);
      if (cursor === "") {
        yield { event: { case: "snapshot", value: { complete: true } }, cursor: "c1" };
        throw new ConnectError("too slow", Code.ResourceExhausted);
      }
      yield { event: { case: "changed", value: { ticket: { id: "TKT-1" } } }, cursor: "c2" };
    },
  });
  const cursors: string[] = [];
  for await (const event of followTickets(client, { snapshotSize: 10 })) {
    cursors.push(event.cursor);
    if (cursors.length === 2) {
      break;
    }
  }
  assert.deepEqual(cursors, ["c1", "c2"]);
  assert.deepEqual(asked, [
    ["", 10],
    ["c1", 0],
  ]);
});

test("leaving the loop ends the stream at the server", async (t) => {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const client = await clientOf(t, {
    watchTimeline: async function* (_, { signal }) {
      signal.addEventListener("abort", () => end());
      yield { event: { case: "entry", value: { seq: 1n } } };
      await ended;
    },
  });
  for await (const entry of followTimeline(client, { ticketId: "TKT-1" })) {
    assert.equal(entry.seq, 1n);
    break;
  }
  await ended;
});
