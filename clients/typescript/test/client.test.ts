import { Code, ConnectError } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { test } from "node:test";

import { createTicketsClient, iteratePages, TicketsError, type CreateTicketRequest } from "../src/index.js";
import { BadRequestSchema, ErrorInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { clientOf } from "./fake_server.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function failureOf(call: Promise<unknown>): Promise<TicketsError> {
  const error = await call.then(
    () => assert.fail("the call succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TicketsError);
  return error;
}

test("a token function is asked before each call", async (t) => {
  const seen: (string | null)[] = [];
  let asked = 0;
  const client = await clientOf(
    t,
    {
      getTicket: (_, context) => {
        seen.push(context.requestHeader.get("authorization"));
        return {};
      },
    },
    { token: async () => `token-${++asked}` },
  );
  await client.tickets.getTicket({ id: "TKT-1" });
  await client.tickets.getTicket({ id: "TKT-1" });
  assert.deepEqual(seen, ["Bearer token-1", "Bearer token-2"]);
});

test("unary calls have a deadline and streams have none", async (t) => {
  const remaining: (number | undefined)[] = [];
  const client = await clientOf(
    t,
    {
      getTicket: (_, context) => {
        remaining.push(context.timeoutMs());
        return {};
      },
      watchTimeline: async function* (_, context) {
        remaining.push(context.timeoutMs());
        yield {};
      },
    },
    { deadlineMs: 5_000 },
  );
  await client.tickets.getTicket({ id: "TKT-1" });
  await client.tickets.getTicket({ id: "TKT-1" }, { timeoutMs: 60_000 });
  for await (const event of client.tickets.watchTimeline({ ticketId: "TKT-1" })) {
    assert.equal(event.event.case, undefined);
  }
  const [byDefault, own, stream] = remaining;
  assert.ok(byDefault !== undefined && byDefault <= 5_000);
  assert.ok(own !== undefined && own > 5_000 && own <= 60_000);
  assert.equal(stream, undefined);
});

test("UNAVAILABLE is retried with one request id, and each call has its own", async (t) => {
  const requests: CreateTicketRequest[] = [];
  const client = await clientOf(t, {
    createTicket: (request) => {
      requests.push(request);
      if (requests.length < 3) {
        throw new ConnectError("restarting", Code.Unavailable);
      }
      return {};
    },
  });
  const request = { ticket: { title: "Payment not received" } };
  await client.tickets.createTicket(request);
  await client.tickets.createTicket(request);
  const ids = requests.map((each) => each.requestId);
  assert.equal(ids.length, 4);
  assert.match(ids[0] ?? "", UUID);
  assert.equal(new Set(ids.slice(0, 3)).size, 1);
  assert.notEqual(ids[3], ids[0]);
  assert.equal(requests[3]?.ticket?.title, "Payment not received");
});

test("a request id of the caller is kept", async (t) => {
  const seen: string[] = [];
  const client = await clientOf(t, {
    createTicket: (request) => {
      seen.push(request.requestId);
      return {};
    },
  });
  await client.tickets.createTicket({ requestId: "4f9c3f8e-5a38-4a43-9d8c-3a4e4c1f0b11" });
  assert.deepEqual(seen, ["4f9c3f8e-5a38-4a43-9d8c-3a4e4c1f0b11"]);
});

test("errors carry reason and field violations, and are not retried", async (t) => {
  let calls = 0;
  const client = await clientOf(t, {
    getTicket: () => {
      calls++;
      throw new ConnectError("The request is not valid.", Code.InvalidArgument, undefined, [
        { desc: ErrorInfoSchema, value: { reason: "INVALID_REQUEST", metadata: { k: "v" } } },
        { desc: BadRequestSchema, value: { fieldViolations: [{ field: "id", description: "is empty" }] } },
      ]);
    },
  });
  const error = await failureOf(client.tickets.getTicket({}));
  assert.equal(error.code, Code.InvalidArgument);
  assert.equal(error.reason, "INVALID_REQUEST");
  assert.deepEqual({ ...error.info }, { k: "v" });
  assert.deepEqual(error.fieldViolations, [{ field: "id", description: "is empty" }]);
  assert.equal(error.rawMessage, "The request is not valid.");
  assert.equal(error.retryAfterMs, undefined);
  assert.equal(calls, 1);
});

test("errors in the middle of a stream are decoded", async (t) => {
  const client = await clientOf(t, {
    watchTimeline: async function* () {
      yield {};
      throw new ConnectError("No such ticket.", Code.NotFound, undefined, [
        { desc: ErrorInfoSchema, value: { reason: "TICKET_NOT_FOUND" } },
      ]);
    },
  });
  const events = client.tickets.watchTimeline({ ticketId: "TKT-1" })[Symbol.asyncIterator]();
  assert.equal((await events.next()).done, false);
  assert.equal((await failureOf(events.next())).reason, "TICKET_NOT_FOUND");
});

test("a server that cannot be reached is UNAVAILABLE without a reason", async () => {
  const client = createTicketsClient({ baseUrl: "http://127.0.0.1:1", token: "t" });
  const error = await failureOf(client.tickets.getTicket({ id: "TKT-1" }));
  client.close();
  assert.equal(error.code, Code.Unavailable);
  assert.equal(error.reason, "");
});

test("the deadline ends a call, its retries included", async (t) => {
  const client = await clientOf(
    t,
    {
      getTicket: () => {
        throw new ConnectError("restarting", Code.Unavailable);
      },
    },
    { deadlineMs: 30 },
  );
  assert.equal((await failureOf(client.tickets.getTicket({ id: "TKT-1" }))).code, Code.DeadlineExceeded);
});

test("pages are read to the end, each only when asked for", async (t) => {
  const tokens: string[] = [];
  const client = await clientOf(t, {
    listTickets: ({ pageToken }) => {
      tokens.push(pageToken);
      return {
        "": { tickets: [{ id: "TKT-1" }], nextPageToken: "two" },
        two: { nextPageToken: "three" },
        three: { tickets: [{ id: "TKT-3" }] },
      }[pageToken] as object;
    },
  });
  const ids: string[] = [];
  for await (const page of iteratePages(client.tickets.listTickets, { pageSize: 1 })) {
    assert.ok(tokens.length <= ids.length + 2);
    ids.push(...page.tickets.map((each) => each.id));
  }
  assert.deepEqual(ids, ["TKT-1", "TKT-3"]);
  assert.deepEqual(tokens, ["", "two", "three"]);
});
