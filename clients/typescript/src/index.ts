export { createTicketsClient, type TicketsClient, type TicketsClientOptions } from "./client.js";
export { TicketsError, type FieldViolation } from "./errors.js";
export { iteratePages } from "./pages.js";
export { followTickets, followTimeline, type FollowOptions } from "./watching.js";
export * from "./v1.js";
