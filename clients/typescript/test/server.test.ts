// Against a running Rodistaa Tickets server: TICKETS_GRPC_ADDRESS is its host:port (plain text), TICKETS_TOKEN a
// token of a role that sees all tickets. The repository's end-to-end tests set both.
import { Code } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import {
  createTicketsClient,
  iteratePages,
  TicketPriority,
  TicketsError,
  TicketStatus,
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
