import { setupServer } from "msw/node";

/** The API's stand-in for unit tests: each test says what it answers, and a call that none expects is an error. */
export const server = setupServer();
