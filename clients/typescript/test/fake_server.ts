import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ConnectError, type Code, type ConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

import { ErrorInfoSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { createTicketsClient, TicketService, type TicketsClient, type TicketsClientOptions } from "../src/index.js";

export interface FakeServer {
  readonly client: TicketsClient;
  /** Ends every connection as a killed server does. */
  cut(): void;
}

/** A client of a ticket service that answers as the test says, over a real connection; both end with the test. */
export async function fakeServer(
  test: TestContext,
  tickets: Partial<ServiceImpl<typeof TicketService>>,
  options: Partial<TicketsClientOptions> = {},
): Promise<FakeServer> {
  return fakeServices(test, (router) => void router.service(TicketService, tickets), options);
}

/** The same for any services. */
export async function fakeServices(
  test: TestContext,
  routes: (router: ConnectRouter) => void,
  options: Partial<TicketsClientOptions> = {},
): Promise<FakeServer> {
  const server = createServer(connectNodeAdapter({ routes }));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => sessions.add(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = createTicketsClient({ baseUrl: `http://127.0.0.1:${port}`, token: "a-token", ...options });
  const cut = () => sessions.forEach((session) => session.destroy());
  test.after(async () => {
    client.close();
    cut();
    server.close();
    await once(server, "close");
  });
  return { client, cut };
}

/** As fakeServer, for tests that need nothing but the client. */
export async function clientOf(...parameters: Parameters<typeof fakeServer>): Promise<TicketsClient> {
  return (await fakeServer(...parameters)).client;
}

/** An error as the real server makes it, with the details of the contract. */
export function failure(code: Code, reason: string, retryAfterMs?: number): ConnectError {
  const info = { desc: ErrorInfoSchema, value: { reason } };
  if (retryAfterMs === undefined) {
    return new ConnectError(reason, code, undefined, [info]);
  }
  const retryDelay = { seconds: BigInt(Math.floor(retryAfterMs / 1000)), nanos: (retryAfterMs % 1000) * 1e6 };
  return new ConnectError(reason, code, undefined, [info, { desc: RetryInfoSchema, value: { retryDelay } }]);
}
