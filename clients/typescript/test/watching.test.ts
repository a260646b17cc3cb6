import { Code, ConnectError } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { followTimeline, TicketsError, type Interruption, type TimelineEntry } from "../src/index.js";
import { clientOf, failure, fakeServer } from "./fake_server.js";

const TICKET = { ticketId: "TKT-1" };
const backoff = { firstMs: 1, longestMs: 50 };
const entry = (seq: bigint) => ({ event: { case: "entry", value: { seq } } }) as const;

/** The first so many numbers; then the loop is left. */
async function seqsOf(entries: AsyncIterable<TimelineEntry>, count: number): Promise<bigint[]> {
  const seqs: bigint[] = [];
  for await (const { seq } of entries) {
    if (seqs.push(seq) === count) {
      break;
    }
  }
  return seqs;
}

async function ended(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await once(signal, "abort");
  }
}

for (const code of [
  Code.Unavailable,
  Code.ResourceExhausted,
  Code.Canceled,
  Code.Aborted,
  Code.Internal,
  Code.Unknown,
  undefined,
]) {
  test(`a timeline is resumed after the last number: ${code ? Code[code] : "OK"}`, async (t) => {
    const client = await clientOf(t, {
      watchTimeline: async function* ({ afterSeq }) {
        yield entry(afterSeq + 1n);
        yield entry(afterSeq + 2n);
        if (code) {
          throw new ConnectError("come back", code);
        }
      },
    });
    const seqs = await seqsOf(followTimeline(client, { ...TICKET, afterSeq: 3n }, { backoff }), 15);
    assert.deepEqual(seqs, Array.from({ length: 15 }, (_, index) => BigInt(index + 4)));
  });
}

test("a progress mark moves the point to resume from", async (t) => {
  const client = await clientOf(t, {
    watchTimeline: async function* ({ afterSeq }) {
      if (afterSeq === 0n) {
        yield { event: { case: "progress", value: { seq: 41n } } };
        throw new ConnectError("restarting", Code.Unavailable);
      }
      yield {}; // of a kind that only a newer version knows
      yield entry(afterSeq + 1n);
    },
  });
  assert.deepEqual(await seqsOf(followTimeline(client, TICKET, { backoff }), 1), [42n]);
});

test("connections that are cut are made again", async (t) => {
  const server = await fakeServer(t, {
    watchTimeline: async function* ({ afterSeq }, { signal }) {
      yield entry(afterSeq + 1n);
      await ended(signal);
    },
  });
  const entries = followTimeline(server.client, TICKET, { backoff });
  for (const seq of [1n, 2n, 3n]) {
    assert.equal((await entries.next()).value?.seq, seq);
    server.cut();
  }
  await entries.return();
});

for (const code of [Code.NotFound, Code.InvalidArgument, Code.PermissionDenied]) {
  test(`what no new attempt mends ends it: ${Code[code]}`, async (t) => {
    let calls = 0;
    const client = await clientOf(t, {
      watchTimeline: async function* () {
        calls++;
        yield entry(1n);
        throw new ConnectError("no", code);
      },
    });
    const entries = followTimeline(client, TICKET, { backoff });
    assert.equal((await entries.next()).value?.seq, 1n);
    await assert.rejects(entries.next(), (error) => error instanceof TicketsError && error.code === code);
    assert.equal(calls, 1);
    assert.equal((await entries.next()).done, true);
  });
}

test("a defect that lasts is told after five new attempts", async (t) => {
  let calls = 0;
  const client = await clientOf(t, {
    watchTimeline: async function* ({ afterSeq }) {
      calls++;
      if (afterSeq === 0n) {
        yield entry(1n);
      }
      throw new ConnectError("Internal error.", Code.Internal);
    },
  });
  const entries = followTimeline(client, TICKET, { backoff });
  await entries.next();
  await assert.rejects(entries.next(), (error) => error instanceof TicketsError && error.code === Code.Internal);
  assert.equal(calls, 6);
});

test("pauses grow to their limit and are never shorter than the server asks", async (t) => {
  const client = await clientOf(t, {
    watchTimeline: async function* ({ afterSeq }) {
      yield entry(afterSeq + 1n);
      throw failure(Code.ResourceExhausted, "SLOW_CONSUMER", afterSeq === 5n ? 30 : undefined);
    },
  });
  const seen: Interruption[] = [];
  const options = { backoff: { firstMs: 1, longestMs: 8 }, onInterruption: (each: Interruption) => seen.push(each) };
  await seqsOf(followTimeline(client, TICKET, options), 8);
  assert.deepEqual(new Set(seen.map(({ error }) => error.reason)), new Set(["SLOW_CONSUMER"]));
  assert.deepEqual(
    seen.map(({ pauseMs }) => (pauseMs >= 30 ? "asked for" : pauseMs <= 8 ? "own" : pauseMs)),
    ["own", "own", "own", "own", "own", "asked for", "own"],
  );
});

test("it is told once that the server is heard again", async (t) => {
  let calls = 0;
  const client = await clientOf(t, {
    watchTimeline: async function* ({ afterSeq }) {
      if (++calls % 3 > 0) {
        throw new ConnectError("Not yet.", Code.Unavailable);
      }
      yield { event: { case: "progress", value: { seq: afterSeq } } };
      yield entry(afterSeq + 1n);
      yield entry(afterSeq + 2n);
    },
  });
  const told: (string | bigint)[] = [];
  const options = {
    backoff,
    onInterruption: () => void told.push("interrupted"),
    onResumption: () => void told.push("resumed"),
  };
  for await (const { seq } of followTimeline(client, TICKET, options)) {
    if (told.push(seq) && seq === 4n) {
      break;
    }
  }
  const twice = ["interrupted", "interrupted"];
  assert.deepEqual(told, [...twice, "resumed", 1n, 2n, "interrupted", ...twice, "resumed", 3n, 4n]);
});

test("what onResumption throws ends it", async (t) => {
  let calls = 0;
  const client = await clientOf(t, {
    watchTimeline: async function* () {
      yield entry(BigInt(++calls));
    },
  });
  const onResumption = () => {
    throw new RangeError("mine");
  };
  await assert.rejects(seqsOf(followTimeline(client, TICKET, { backoff, onResumption }), 3), RangeError);
  assert.equal(calls, 2);
});

test("a server that falls silent is left", async (t) => {
  const client = await clientOf(t, {
    watchTimeline: async function* ({ afterSeq }, { signal }) {
      yield entry(afterSeq + 1n);
      await ended(signal);
    },
  });
  const seen: Interruption[] = [];
  const options = { silenceMs: 100, backoff, onInterruption: (each: Interruption) => seen.push(each) };
  assert.deepEqual(await seqsOf(followTimeline(client, TICKET, options), 3), [1n, 2n, 3n]);
  assert.deepEqual(
    seen.map(({ error }) => [error.code, error.rawMessage]),
    Array(2).fill([Code.Unavailable, "Nothing was heard for 100 ms."]),
  );
});

test("leaving the loop ends the stream at the server", async (t) => {
  let end = (): void => {};
  const over = new Promise<void>((resolve) => (end = resolve));
  const client = await clientOf(t, {
    watchTimeline: async function* (_, { signal }) {
      void ended(signal).then(end);
      yield entry(1n);
      await over;
    },
  });
  await seqsOf(followTimeline(client, TICKET), 1);
  await over;
});

for (const how of ["the signal", "the client"]) {
  test(`${how} ends it while it waits, without an error`, async (t) => {
    let end = (): void => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    const client = await clientOf(t, {
      watchTimeline: async function* (_, { signal }) {
        void ended(signal).then(end);
        yield entry(1n);
        await over;
      },
    });
    const stop = new AbortController();
    const entries = followTimeline(client, TICKET, { signal: stop.signal });
    await entries.next();
    const waiting = entries.next();
    how === "the client" ? client.close() : stop.abort();
    assert.equal((await waiting).done, true);
    await over;
  });
}

test("the signal ends a pause", async (t) => {
  const client = await clientOf(t, {
    watchTimeline: async function* () {
      throw failure(Code.ResourceExhausted, "TOO_MANY_STREAMS", 3_600_000);
    },
  });
  const stop = new AbortController();
  const onInterruption = () => void setImmediate(() => stop.abort());
  const entries = followTimeline(client, TICKET, { signal: stop.signal, onInterruption });
  assert.equal((await entries.next()).done, true);
});

test("an expired token is renewed where there is a way", async (t) => {
  const seen: (string | null)[] = [];
  let asked = 0;
  const client = await clientOf(
    t,
    {
      watchTimeline: async function* ({ afterSeq }, { requestHeader }) {
        seen.push(requestHeader.get("authorization"));
        yield entry(afterSeq + 1n);
        throw failure(Code.Unauthenticated, "TOKEN_EXPIRED");
      },
    },
    { token: () => `token-${++asked}` },
  );
  assert.deepEqual(await seqsOf(followTimeline(client, TICKET, { backoff }), 3), [1n, 2n, 3n]);
  assert.deepEqual(seen, ["Bearer token-1", "Bearer token-2", "Bearer token-3"]);
});

test("a renewal of the token takes the first pause", async (t) => {
  const client = await clientOf(
    t,
    {
      watchTimeline: async function* ({ afterSeq }) {
        yield entry(afterSeq + 1n);
        throw failure(Code.Unauthenticated, "TOKEN_EXPIRED");
      },
    },
    { token: () => "new" },
  );
  const seen: number[] = [];
  const options = {
    backoff: { firstMs: 1, longestMs: 3_600_000 },
    onInterruption: ({ pauseMs }: Interruption) => void seen.push(pauseMs),
  };
  await seqsOf(followTimeline(client, TICKET, options), 9);
  assert.equal(seen.length, 8);
  assert.ok(seen.every((each) => each <= 1));
});

for (const [token, attempts] of [["old", 1], [() => "old", 2]] as const) {
  test(`a token that stays expired ends it: ${typeof token}`, async (t) => {
    let calls = 0;
    const client = await clientOf(
      t,
      {
        watchTimeline: async function* () {
          calls++;
          throw failure(Code.Unauthenticated, "TOKEN_EXPIRED");
        },
      },
      { token },
    );
    await assert.rejects(
      followTimeline(client, TICKET, { backoff }).next(),
      (error) => error instanceof TicketsError && error.reason === "TOKEN_EXPIRED",
    );
    assert.equal(calls, attempts);
  });
}
