import { delay, HttpResponse, http, type RequestHandler } from "msw";
import { setupWorker } from "msw/browser";
import type { Permission } from "../src/api/schemas";
import { limitsFixture } from "../src/fixtures/limits";

/** Handlers of a story: a list, or lists by name, of which a story replaces some of those of its file by their names. */
export type Handlers = RequestHandler[] | Record<string, RequestHandler | RequestHandler[]>;

const PERMISSIONS: Permission[] = [
  "PERMISSION_STAFF",
  "PERMISSION_ASSIGN_TICKETS",
  "PERMISSION_BULK_UPDATE_TICKETS",
  "PERMISSION_EXPORT_TICKETS",
  "PERMISSION_MANAGE_SLA_POLICIES",
  "PERMISSION_MANAGE_DIRECTORY",
  "PERMISSION_MANAGE_WEBHOOKS",
];

/** What is answered where a story says nothing: an admin looks, and live streams are silent. */
const EVERYWHERE: RequestHandler[] = [
  http.get("*/admin/me", () =>
    HttpResponse.json({
      userId: "asha",
      role: "ROLE_ADMIN",
      displayName: "Asha Rao",
      permissions: PERMISSIONS,
      limits: limitsFixture,
    }),
  ),
  http.get("*/admin/members\\:lookup", () => HttpResponse.json({})),
  // A change that a story has left unanswered is sent again while another story is shown.
  http.post("*/admin/tickets/bulk", async () => {
    await delay("infinite");
    return new HttpResponse();
  }),
  http.all(/\/admin\/.*:watch(\?|$)/, async () => {
    await delay("infinite");
    return new HttpResponse();
  }),
];

const worker = setupWorker();
let started: Promise<unknown> | undefined;

/** Has the story's calls answered by its handlers. A call that nobody answers is an error on the console. */
export async function answerCalls(handlers: Handlers | undefined): Promise<void> {
  started ??= worker.start({
    quiet: true,
    serviceWorker: { url: "./mockServiceWorker.js" },
    onUnhandledRequest: (request, print) => {
      if (/^\/(admin\/|tickets|session|rodistaa-tickets\/)/.test(new URL(request.url).pathname)) {
        print.error();
      }
    },
  });
  await started;
  worker.resetHandlers(...Object.values(handlers ?? []).flat(), ...EVERYWHERE);
}
