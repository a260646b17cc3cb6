export { createTicketsClient, type TicketsClient, type TicketsClientOptions } from "./client.js";
export { TicketsError, type FieldViolation } from "./errors.js";
export { iteratePages } from "./pages.js";
export type { Backoff, FollowOptions, Interruption } from "./resuming.js";
export { TicketList } from "./ticket_list.js";
export { followTickets, followTimeline } from "./watching.js";
export * from "./v1.js";
