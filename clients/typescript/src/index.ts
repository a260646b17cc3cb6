export { createTicketsClient, type TicketsClient, type TicketsClientOptions } from "./client.js";
export { TicketsError, type FieldViolation } from "./errors.js";
export { ExportEndedError, exportTickets, type Export, type ExportOptions, type ExportsClient } from "./exporting.js";
export {
  downloadUrl,
  TransferError,
  uploadAttachment,
  type AttachmentsClient,
  type TransferOptions,
  type Upload,
} from "./files.js";
export { iteratePages } from "./pages.js";
export type { Backoff, FollowOptions, Interruption } from "./resuming.js";
export { TicketList } from "./ticket_list.js";
export { followTickets, followTimeline } from "./watching.js";
export * from "./v1.js";
