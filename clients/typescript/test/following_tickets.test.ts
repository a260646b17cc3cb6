import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test, type TestContext } from "node:test";

import {
  followTickets,
  TicketList,
  TicketsError,
  WatchTicketsResponseSchema,
  type TicketsClient,
  type WatchTicketsResponse,
} from "../src/index.js";
import { clientOf, failure } from "./fake_server.js";

type Event = Exclude<MessageInitShape<typeof WatchTicketsResponseSchema>, { $typeName: string }>;

const options = { backoff: { firstMs: 1, longestMs: 50 } };

/** A part of a snapshot; the last has a cursor. */
const snapshot = (ids: string[], cursor = ""): Event => ({
  event: { case: "snapshot", value: { tickets: ids.map((id) => ({ id, version: 5n })), complete: cursor !== "" } },
  cursor,
});
const changed = (id: string, version: bigint): Event => ({
  event: { case: "changed", value: { ticket: { id, version } } },
  cursor: "c",
});
const left = (ticketId: string): Event => ({ event: { case: "left", value: { ticketId } }, cursor: "c" });

type Asked = [cursor: string, snapshotSize: number][];

async function serving(
  t: TestContext,
  answer: (cursor: string, call: number) => Generator<Event>,
): Promise<[TicketsClient, Asked]> {
  const asked: Asked = [];
  const client = await clientOf(t, {
    watchTickets: async function* ({ cursor, snapshotSize }) {
      yield* answer(cursor, asked.push([cursor, snapshotSize]));
    },
  });
  return [client, asked];
}

async function take(events: AsyncIterable<WatchTicketsResponse>, count: number): Promise<WatchTicketsResponse[]> {
  const taken: WatchTicketsResponse[] = [];
  for await (const event of events) {
    if (taken.push(event) === count) {
      break;
    }
  }
  return taken;
}

test("tickets are resumed from the last cursor, without a second snapshot", async (t) => {
  const [client, asked] = await serving(t, function* (cursor) {
    if (cursor === "") {
      yield snapshot([], "c1");
      yield { event: { case: "progress", value: {} }, cursor: "c2" };
      throw new ConnectError("restarting", Code.Unavailable);
    }
    yield { ...changed("TKT-1", 1n), cursor: "c3" };
  });
  const events = await take(followTickets(client, { snapshotSize: 10 }, options), 3);
  assert.deepEqual(events.map(({ cursor }) => cursor), ["c1", "c2", "c3"]);
  assert.deepEqual(asked, [["", 10], ["c2", 0]]);
});

test("a snapshot is one event, and begins anew when it breaks in the middle", async (t) => {
  const [client, asked] = await serving(t, function* (_, call) {
    if (call === 1) {
      yield snapshot(["TKT-gone"]);
      throw new ConnectError("restarting", Code.Unavailable);
    }
    yield snapshot(["TKT-3", "TKT-2"]);
    yield snapshot(["TKT-1"], "c1");
    yield changed("TKT-4", 1n);
  });
  const [whole] = await take(followTickets(client, { snapshotSize: 10 }, options), 2);
  assert.ok(whole?.event.case === "snapshot" && whole.event.value.complete);
  assert.deepEqual(whole.event.value.tickets.map(({ id }) => id), ["TKT-3", "TKT-2", "TKT-1"]);
  assert.equal(whole.cursor, "c1");
  assert.deepEqual(asked, [["", 10], ["", 10]]);
});

function* losingCursors(cursor: string, call: number, reason: string): Generator<Event> {
  if (cursor !== "") {
    throw failure(Code.OutOfRange, reason);
  }
  yield snapshot([`TKT-${call}`], "c1");
  throw new ConnectError("restarting", Code.Unavailable);
}

for (const reason of ["CURSOR_EXPIRED", "CURSOR_INVALID"]) {
  test(`a watch that began with a snapshot begins anew: ${reason}`, async (t) => {
    const [client, asked] = await serving(t, (cursor, call) => losingCursors(cursor, call, reason));
    const list = new TicketList();
    for (const event of await take(followTickets(client, { snapshotSize: 10 }, options), 2)) {
      list.apply(event);
    }
    assert.deepEqual(asked, [["", 10], ["c1", 0], ["", 10]]);
    assert.deepEqual([...list.tickets.keys()], ["TKT-3"]);
  });
}

for (const request of [{}, { cursor: "c0" }]) {
  test(`any other watch ends when its cursor is lost: ${JSON.stringify(request)}`, async (t) => {
    const [client] = await serving(t, (cursor, call) => losingCursors(cursor, call, "CURSOR_EXPIRED"));
    await assert.rejects(
      take(followTickets(client, request, options), 9),
      (error) => error instanceof TicketsError && error.reason === "CURSOR_EXPIRED",
    );
  });
}

test("a list takes changes unless it has newer ones, and a ticket that left may come back", () => {
  const list = new TicketList();
  const apply = (event: Event) => list.apply(create(WatchTicketsResponseSchema, event));
  const versions = () => Object.fromEntries([...list.tickets].map(([id, { version }]) => [id, Number(version)]));
  assert.ok(apply(snapshot(["TKT-1"], "c")));
  assert.ok(!apply(changed("TKT-1", 4n)));
  assert.deepEqual(versions(), { "TKT-1": 5 });
  assert.ok(apply(changed("TKT-1", 7n)));
  assert.ok(apply(changed("TKT-2", 1n)));
  assert.deepEqual(versions(), { "TKT-1": 7, "TKT-2": 1 });
  assert.ok(!apply({ event: { case: "progress", value: {} } }));
  assert.ok(!apply({}));
  assert.ok(apply(left("TKT-1")));
  assert.ok(!apply(left("TKT-1")));
  assert.deepEqual(versions(), { "TKT-2": 1 });
  assert.ok(apply(changed("TKT-1", 8n)));
  assert.deepEqual(versions(), { "TKT-2": 1, "TKT-1": 8 });
});

test("a snapshot replaces the list with its last part", () => {
  const list = new TicketList();
  const apply = (event: Event) => list.apply(create(WatchTicketsResponseSchema, event));
  apply(changed("TKT-9", 1n));
  assert.ok(!apply(snapshot(["TKT-2"])));
  assert.deepEqual([...list.tickets.keys()], ["TKT-9"]);
  list.reconnected();
  apply(snapshot(["TKT-3"]));
  assert.ok(apply(snapshot(["TKT-1"], "c")));
  assert.deepEqual([...list.tickets.keys()], ["TKT-3", "TKT-1"]);
});

test("the list needs nothing of Node", async () => {
  const compiled = await readFile(new URL("../src/ticket_list.js", import.meta.url), "utf8");
  assert.doesNotMatch(compiled, /^import/m);
});
