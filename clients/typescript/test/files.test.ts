import { Code } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";

import { AttachmentService, AttachmentState, TransferError, uploadAttachment, type TicketsClient } from "../src/index.js";
import { failure, fakeServices } from "./fake_server.js";

const CONTENT = new TextEncoder().encode("hello");
const SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const FILE = { ticketId: "TKT-1", file: CONTENT, fileName: "note.txt", fileType: "text/plain" };
const backoff = { firstMs: 1, longestMs: 5 };

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
const status =
  (code: number, body = ""): Answer =>
  (response) =>
    void response.writeHead(code).end(body);
const nothing: Answer = (_, request) => request.socket.destroy();
/** The bytes are stored, and the answer does not arrive. */
const lost: Answer = (_, request) => request.socket.destroy();

interface World {
  client: TicketsClient;
  /** What the store was sent: the last character of the path tells one signature from the next. */
  puts: { path: string; headers: IncomingMessage["headers"]; body: string }[];
  requestIds: string[];
}

/** A service that signs and completes, and a store that gives one answer after the other, the last one for ever. */
async function world(t: TestContext, ...answers: Answer[]): Promise<World> {
  const puts: World["puts"] = [];
  const requestIds: string[] = [];
  let stored = false;
  const store = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      puts.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts).toString() });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(response, request);
      stored ||= answer === lost || (response.statusCode === 200 && response.writableEnded);
    });
  });
  store.listen(0, "127.0.0.1");
  await once(store, "listening");
  t.after(() => {
    store.closeAllConnections();
    store.close();
  });
  const { port } = store.address() as AddressInfo;
  const { client } = await fakeServices(t, (router) => {
    router.service(AttachmentService, {
      createAttachment: ({ attachment, requestId }) => {
        requestIds.push(requestId);
        const headers = {
          "content-length": String(attachment?.fileSizeBytes),
          "content-type": attachment?.fileType ?? "",
          "if-none-match": "*",
        };
        const url = `http://127.0.0.1:${port}/bucket/${attachment?.sha256}?secret=${requestIds.length}`;
        return { attachment: { id: "an-id" }, upload: { method: "PUT", url, headers } };
      },
      completeAttachment: ({ id }) => {
        if (!stored) {
          throw failure(Code.FailedPrecondition, "ATTACHMENT_NOT_UPLOADED");
        }
        return { attachment: { id, state: AttachmentState.READY } };
      },
    });
  });
  return { client, puts, requestIds };
}

test("an upload sends the bytes with the headers that were signed", async (t) => {
  const { client, puts } = await world(t, status(200));
  const attachment = await uploadAttachment(client, FILE);
  assert.deepEqual([attachment.id, attachment.state], ["an-id", AttachmentState.READY]);
  const [put] = puts;
  assert.ok(put);
  assert.equal(put.path, `/bucket/${SHA256}?secret=1`);
  assert.equal(put.body, "hello");
  assert.equal(put.headers["content-type"], "text/plain");
  assert.equal(put.headers["content-length"], "5");
  assert.equal(put.headers["if-none-match"], "*");
  assert.equal(put.headers["transfer-encoding"], undefined);
});

test("a Blob brings its type, and what is missing has to be given", async (t) => {
  const { client, puts } = await world(t, status(200));
  const ticketId = "TKT-1";
  const file = new Blob([CONTENT], { type: "text/csv;charset=utf-8" });
  await uploadAttachment(client, { ticketId, file, fileName: "a.csv" });
  assert.equal(puts[0]?.headers["content-type"], "text/csv");
  await assert.rejects(uploadAttachment(client, { ticketId, file: CONTENT, fileName: "a.csv" }), /give fileType/);
  await assert.rejects(uploadAttachment(client, { ticketId, file: CONTENT, fileType: "text/csv" }), /give fileName/);
});

test("an upload is repeated after failures that pass, and signed anew when its URL has expired", async (t) => {
  const { client, puts, requestIds } = await world(t, status(503), nothing, status(403), status(500), status(200));
  await uploadAttachment(client, FILE, { backoff });
  assert.deepEqual(
    puts.map(({ path }) => path.at(-1)),
    ["1", "1", "1", "2", "2"],
  );
  assert.equal(new Set(requestIds).size, 1);
});

test("what the store has already is an upload, told or not", async (t) => {
  const told = await world(t, lost, status(412, "<Error><Code>PreconditionFailed</Code></Error>"));
  await uploadAttachment(told.client, FILE, { backoff });
  assert.equal(told.puts.length, 2);
  const cut = await world(t, lost, nothing);
  await uploadAttachment(cut.client, FILE, { backoff, attempts: 2 });
  assert.equal(cut.puts.length, 2);
});

test("what the store refuses is told without the URL, and not repeated", async (t) => {
  const { client, puts } = await world(t, status(400, "<Error><Code>BadDigest</Code></Error>"));
  await assert.rejects(uploadAttachment(client, FILE, { backoff }), (error) => {
    assert.ok(error instanceof TransferError);
    assert.deepEqual([error.status, error.storeCode], [400, "BadDigest"]);
    assert.equal(error.message, "The file store answered 400 (BadDigest).");
    return true;
  });
  assert.equal(puts.length, 1);
});

test("a store that is away is told once the attempts are used up", async (t) => {
  const { client, puts } = await world(t, nothing);
  await assert.rejects(uploadAttachment(client, FILE, { backoff, attempts: 3 }), (error) => {
    assert.ok(error instanceof TransferError);
    assert.equal(error.status, undefined);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  assert.equal(puts.length, 3);
});

test("an upload ends with its signal", async (t) => {
  const aborting = new AbortController();
  const { client } = await world(t, () => aborting.abort());
  await assert.rejects(uploadAttachment(client, FILE, { signal: aborting.signal }), { name: "AbortError" });
});
