import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

import { AttachmentService } from "./gen/rodistaa/tickets/v1/attachment_service_pb.js";
import { DirectoryService } from "./gen/rodistaa/tickets/v1/directory_service_pb.js";
import { ExportService } from "./gen/rodistaa/tickets/v1/export_service_pb.js";
import { NotificationService } from "./gen/rodistaa/tickets/v1/notification_service_pb.js";
import { SavedViewService } from "./gen/rodistaa/tickets/v1/saved_view_service_pb.js";
import { SlaPolicyService } from "./gen/rodistaa/tickets/v1/sla_policy_service_pb.js";
import { TicketService } from "./gen/rodistaa/tickets/v1/ticket_service_pb.js";
import { authenticating, identifyingRequests, retrying } from "./interceptors.js";
import { decodingErrors, withDeadline } from "./transport.js";

export interface TicketsClientOptions {
  /** Where the server is: "https://host:port", or "http://host:port" for plain text, the token included. */
  baseUrl: string;
  /** Bearer token; a function is asked before each attempt of a call, so it can renew the token. */
  token: string | (() => string | Promise<string>);
  /** Milliseconds for each unary call, its retries included, unless the call has `timeoutMs`. Default 10 000. */
  deadlineMs?: number;
}

/** The services over one connection, which is opened by the first call. */
export interface TicketsClient {
  readonly tickets: Client<typeof TicketService>;
  readonly attachments: Client<typeof AttachmentService>;
  readonly exports: Client<typeof ExportService>;
  readonly slaPolicies: Client<typeof SlaPolicyService>;
  readonly directory: Client<typeof DirectoryService>;
  readonly savedViews: Client<typeof SavedViewService>;
  readonly notifications: Client<typeof NotificationService>;
  /** Whether a new attempt of a call may have a newer token. */
  readonly renewsToken: boolean;
  /** Aborted by `close`; ends the watches that are followed. */
  readonly closed: AbortSignal;
  /** Ends the connection and every call under way, so that the process can exit. */
  close(): void;
}

/**
 * Makes a client of a Rodistaa Tickets server.
 *
 * Calls fail with `TicketsError`. UNAVAILABLE is tried up to four times; mutations get a request id
 * for that, the same for all attempts, unless the caller has set one.
 */
export function createTicketsClient(options: TicketsClientOptions): TicketsClient {
  const { baseUrl, token, deadlineMs = 10_000 } = options;
  const sessionManager = new Http2SessionManager(baseUrl, {
    // A peer that vanished is noticed within 80 s, on connections that have a call under way.
    pingIntervalMs: 60_000,
    pingTimeoutMs: 20_000,
  });
  const grpc = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: [
      identifyingRequests,
      retrying,
      authenticating(typeof token === "function" ? token : () => token),
    ],
  });
  const transport = decodingErrors(withDeadline(grpc, deadlineMs));
  const closing = new AbortController();
  return {
    tickets: createClient(TicketService, transport),
    attachments: createClient(AttachmentService, transport),
    exports: createClient(ExportService, transport),
    slaPolicies: createClient(SlaPolicyService, transport),
    directory: createClient(DirectoryService, transport),
    savedViews: createClient(SavedViewService, transport),
    notifications: createClient(NotificationService, transport),
    renewsToken: typeof token === "function",
    closed: closing.signal,
    close: () => {
      closing.abort();
      sessionManager.abort();
    },
  };
}
