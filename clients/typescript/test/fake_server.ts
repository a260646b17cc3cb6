import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { ServiceImpl } from "@connectrpc/connect";
import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

import { createTicketsClient, TicketService, type TicketsClient, type TicketsClientOptions } from "../src/index.js";

/** A client of a ticket service that answers as the test says, over a real connection; both end with the test. */
export async function clientOf(
  test: TestContext,
  tickets: Partial<ServiceImpl<typeof TicketService>>,
  options: Partial<TicketsClientOptions> = {},
): Promise<TicketsClient> {
  const server = createServer(connectNodeAdapter({ routes: (router) => void router.service(TicketService, tickets) }));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => sessions.add(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = createTicketsClient({ baseUrl: `http://127.0.0.1:${port}`, token: "a-token", ...options });
  test.after(async () => {
    client.close();
    sessions.forEach((session) => session.destroy());
    server.close();
    await once(server, "close");
  });
  return client;
}
