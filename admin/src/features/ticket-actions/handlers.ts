/** What stories and tests of this folder answer calls with. */
import { delay, HttpResponse, http } from "msw";
import type { Schemas, Ticket, TicketAction, TicketStatus } from "@/api/schemas";
import { suggestionFixtures } from "@/fixtures/members";

export const ALL_ACTIONS: TicketAction[] = [
  "TICKET_ACTION_EDIT",
  "TICKET_ACTION_CHANGE_LINK",
  "TICKET_ACTION_CHANGE_PRIORITY",
  "TICKET_ACTION_CHANGE_SENSITIVITY",
  "TICKET_ACTION_ASSIGN",
  "TICKET_ACTION_ESCALATE",
  "TICKET_ACTION_ARCHIVE",
  "TICKET_ACTION_ADD_MESSAGE",
  "TICKET_ACTION_ADD_INTERNAL_NOTE",
  "TICKET_ACTION_WATCH",
  "TICKET_ACTION_SET_WATCHERS",
  "TICKET_ACTION_VIEW_AUDIT",
  "TICKET_ACTION_EXPLAIN_SLA",
];

const FROM_OPEN: TicketStatus[] = [
  "TICKET_STATUS_IN_PROGRESS",
  "TICKET_STATUS_AWAITING_SHIPPER",
  "TICKET_STATUS_AWAITING_OPERATOR",
  "TICKET_STATUS_AWAITING_FRANCHISE",
  "TICKET_STATUS_AWAITING_FINANCE",
  "TICKET_STATUS_ESCALATED",
  "TICKET_STATUS_RESOLVED",
];

export function offers(answer: Partial<Schemas["GetTicketActionsResponse"]> = {}) {
  return http.get("*/admin/tickets/:id/actions", ({ params }) =>
    HttpResponse.json({ ticketId: params.id, etag: '"3"', transitions: FROM_OPEN, actions: ALL_ACTIONS, ...answer }),
  );
}

export function watchers(...userIds: string[]) {
  return http.get("*/admin/tickets/:id/watchers", () =>
    HttpResponse.json({ watchers: userIds.map((userId) => ({ userId })) }),
  );
}

export const owners = http.get("*/admin/tickets\\:suggestOwners", () =>
  HttpResponse.json({ suggestions: suggestionFixtures }),
);

export const terms = http.get("*/admin/tickets\\:suggestTerms", ({ request }) => {
  const { searchParams } = new URL(request.url);
  const words =
    searchParams.get("kind") === "TERM_KIND_TAG"
      ? ["payment", "kyc", "delay", "دفع"]
      : searchParams.get("kind") === "TERM_KIND_FRANCHISE_ID"
        ? ["FR-001", "FR-002", "FR-014"]
        : ["BKG-123", "BKG-124", "BKG-340"];
  const prefix = (searchParams.get("prefix") ?? "").toLowerCase();
  return HttpResponse.json({
    terms: words
      .filter((term) => term.toLowerCase().startsWith(prefix))
      .map((term, index) => ({ term, ticketCount: 9 - index * 3 })),
  });
});

export const sla = http.get("*/admin/tickets/:id/sla", ({ params }) =>
  HttpResponse.json({
    ticketId: params.id,
    policy: {
      priority: "TICKET_PRIORITY_MEDIUM",
      escalationChain: ["ROLE_OPS_AGENT", "ROLE_OPS_MANAGER", "ROLE_REGIONAL_MANAGER"],
    },
  }),
);

export const policies = http.get("*/admin/sla-policies", () =>
  HttpResponse.json({
    slaPolicies: [
      { priority: "TICKET_PRIORITY_LOW", responseTimeMinutes: 1440, resolutionTimeMinutes: 4320 },
      { priority: "TICKET_PRIORITY_MEDIUM", responseTimeMinutes: 480, resolutionTimeMinutes: 2880 },
      { priority: "TICKET_PRIORITY_HIGH", responseTimeMinutes: 120, resolutionTimeMinutes: 1440 },
      { priority: "TICKET_PRIORITY_CRITICAL", responseTimeMinutes: 30, resolutionTimeMinutes: 240 },
    ],
  }),
);

export function ticketNow(ticket: Ticket) {
  return http.get("*/admin/tickets/:id", () => HttpResponse.json(ticket, { headers: { ETag: ticket.etag ?? "" } }));
}

/** A refusal as the gateway writes it. */
export function refusal(
  status: number,
  reason: string,
  message: string,
  { metadata, fields }: { metadata?: Record<string, string>; fields?: { field: string; description: string }[] } = {},
) {
  return HttpResponse.json(
    {
      code: status === 412 ? 10 : 9,
      message,
      details: [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "tickets.rodistaa.com", metadata },
        ...(fields ? [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: fields }] : []),
      ],
    },
    { status, headers: { "X-Request-Id": "e6292738856fbbc9-2" } },
  );
}

export function stale() {
  return refusal(412, "ETAG_MISMATCH", "The ticket has changed since it was read.");
}

export async function never() {
  await delay("infinite");
  return new HttpResponse();
}
