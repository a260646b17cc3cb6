// Against a running Rodistaa Tickets server: TICKETS_GRPC_ADDRESS is its host:port (plain text), TICKETS_TOKEN a
// token of a role that sees all tickets. The repository's end-to-end tests set both.
import { Code } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import {
  createTicketsClient,
  downloadUrl,
  ExportFormat,
  ExportStatus,
  exportTickets,
  followTickets,
  followTimeline,
  iteratePages,
  TicketList,
  TicketPriority,
  TicketsError,
  TicketStatus,
  uploadAttachment,
  type Ticket,
  type TicketsClient,
} from "../src/index.js";

const address = process.env["TICKETS_GRPC_ADDRESS"];
const token = process.env["TICKETS_TOKEN"];
const skip = address && token ? false : "TICKETS_GRPC_ADDRESS and TICKETS_TOKEN are not set";

describe("a real server", { skip }, () => {
  let client: TicketsClient;
  before(() => {
    client = createTicketsClient({ baseUrl: `http://${address}`, token: token ?? "" });
  });
  after(() => client.close());

  // A tag of this run's own keeps its tickets apart from all others.
  const tag = `ts-client-${crypto.randomUUID().slice(0, 8)}`;

  async function create(title: string, requestId = ""): Promise<Ticket> {
    const { ticket } = await client.tickets.createTicket({
      ticket: {
        title,
        description: "Created by the tests of the TypeScript client.",
        priority: TicketPriority.HIGH,
        tags: [tag],
        metadata: { source: "typescript", attempt: 1 },
      },
      requestId,
    });
    assert.ok(ticket);
    return ticket;
  }

  test("a ticket that was created can be read", async () => {
    const created = await create("POD does not match the booking");
    const { ticket } = await client.tickets.getTicket({ id: created.id });
    assert.ok(ticket);
    assert.match(ticket.id, /^TKT-\d+$/);
    assert.equal(ticket.title, "POD does not match the booking");
    assert.equal(ticket.status, TicketStatus.NEW);
    assert.equal(ticket.priority, TicketPriority.HIGH);
    assert.deepEqual(ticket.metadata, { source: "typescript", attempt: 1 });
    assert.ok(ticket.slaDueAt && ticket.createdAt && ticket.slaDueAt.seconds > ticket.createdAt.seconds);
  });

  test("the same request id gives the same ticket", async () => {
    const requestId = crypto.randomUUID();
    const first = await create("Truck KYC has expired", requestId);
    assert.equal((await create("Truck KYC has expired", requestId)).id, first.id);
    await assert.rejects(
      create("Another title altogether", requestId),
      (error) => error instanceof TicketsError && error.code === Code.AlreadyExists && error.reason === "REQUEST_ID_REUSED",
    );
  });

  test("pages hold every ticket once", async () => {
    const created = await Promise.all([1, 2, 3].map((each) => create(`Shipment delayed, case ${each}`)));
    const seen: string[] = [];
    for await (const page of iteratePages(client.tickets.listTickets, { filter: { tagsAll: [tag] }, pageSize: 2 })) {
      assert.ok(page.tickets.length <= 2);
      seen.push(...page.tickets.map((each) => each.id));
    }
    assert.equal(new Set(seen).size, seen.length);
    for (const { id } of created) {
      assert.ok(seen.includes(id));
    }
  });

  test("a timeline is followed, from the beginning and as it grows", async () => {
    const { id } = await create("Operator suspended by mistake");
    const said: string[] = [];
    for await (const { seq, entry } of followTimeline(client, { ticketId: id })) {
      said.push(`${seq} ${entry.case === "message" ? entry.value.message : entry.value?.action}`);
      if (said.length === 3) {
        break;
      }
      await client.tickets.addMessage({ ticketId: id, message: `answer to ${seq}` });
    }
    assert.deepEqual(said, ["1 TICKET_CREATED", "2 answer to 1", "3 answer to 2"]);
  });

  test("a list is shown and followed", async () => {
    const own = `${tag}-list`;
    const change = (id: string, tags: string[]) =>
      client.tickets.updateTicket({ ticket: { id, tags }, updateMask: { paths: ["tags"] } });
    const [stays, leaves] = [await create("Fraud alert, stays"), await create("Fraud alert, leaves")];
    await change(leaves.id, [tag, own]);
    const list = new TicketList();
    const seen: string[][] = [];
    for await (const event of followTickets(client, { filter: { tagsAll: [own] }, snapshotSize: 50 })) {
      list.apply(event);
      const shown = [...list.tickets.keys()];
      if (shown.join() === seen.at(-1)?.join()) {
        continue; // a mark, or a change that the snapshot has shown already
      }
      seen.push(shown);
      if (seen.length === 1) {
        await change(stays.id, [tag, own]);
      } else if (seen.length === 2) {
        await change(leaves.id, [tag]);
      } else {
        break;
      }
    }
    assert.deepEqual(seen, [[leaves.id], [leaves.id, stays.id], [stays.id]]);
  });

  test("a file is attached, and comes back whole under its name", async () => {
    const ticketId = (await create("Proof of delivery is missing")).id;
    const file = new Blob(["id,amount\r\n", "BKG-123,48500\r\n"], { type: "text/csv" });
    const uploaded = await uploadAttachment(client, { ticketId, file, fileName: "Fracht \u20b9.csv", isSensitive: true });
    await assert.rejects(
      downloadUrl(client, uploaded.id),
      (error) => error instanceof TicketsError && error.reason === "ACCESS_REASON_REQUIRED",
    );
    const { url, attachment } = await downloadUrl(client, uploaded.id, { accessReason: "Comparing it with the booking" });
    assert.equal(attachment.fileName, "Fracht \u20b9.csv");
    const response = await fetch(url);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-disposition") ?? "", /^attachment/);
    assert.equal(await response.text(), await file.text());
  });

  test("tickets are exported, by what their list shows", async () => {
    const { id } = await create("Operator asks for the list of cases");
    const seen: bigint[] = [];
    const job = await exportTickets(
      client,
      { filter: { tagsAll: [tag] }, format: ExportFormat.JSON_LINES },
      { onProgress: ({ processedRecords }) => seen.push(processedRecords) },
    );
    const lines = (await (await fetch(job.download?.url ?? "")).text()).split("\n").filter((each) => each !== "");
    assert.equal(BigInt(lines.length), job.manifest?.rowCount);
    assert.equal((JSON.parse(lines[0] ?? "{}") as { id: string }).id, id, "newest first");
    assert.equal(seen.at(-1), job.manifest?.rowCount);
  });

  test("an export that is not waited for is cancelled", async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(exportTickets(client, { format: ExportFormat.CSV }, { signal }), { name: "AbortError" });
    const aborting = new AbortController();
    let id = "";
    const onProgress = (job: { id: string }) => {
      id = job.id;
      aborting.abort();
    };
    await assert.rejects(
      exportTickets(client, { format: ExportFormat.CSV }, { onProgress, signal: aborting.signal }),
      { name: "AbortError" },
    );
    const { exportJob } = await client.exports.getExportJob({ id });
    assert.equal(exportJob?.status, ExportStatus.CANCELLED);
  });

  test("errors say what is wrong", async () => {
    await assert.rejects(
      client.tickets.getTicket({ id: "TKT-999999999999" }),
      (error) => error instanceof TicketsError && error.code === Code.NotFound && error.reason === "TICKET_NOT_FOUND",
    );
    await assert.rejects(create("short"), (error) => {
      assert.ok(error instanceof TicketsError);
      assert.equal(error.code, Code.InvalidArgument);
      assert.ok(error.fieldViolations.some((each) => each.field === "ticket.title"));
      return true;
    });
  });
});
