/** What the API answers in stories and tests of the panel. */
import { delay, HttpResponse, http } from "msw";
import type { AuditEntry, Schemas, Ticket, TicketAction, TimelineEntry } from "@/api/schemas";
import { ticketFixtures } from "@/fixtures/tickets";
import { auditFixture, timelineFixture, watcherFixtures, withheld } from "@/fixtures/timeline";

const ACTIONS: TicketAction[] = [
  "TICKET_ACTION_EDIT",
  "TICKET_ACTION_ASSIGN",
  "TICKET_ACTION_ESCALATE",
  "TICKET_ACTION_ADD_MESSAGE",
  "TICKET_ACTION_ADD_INTERNAL_NOTE",
  "TICKET_ACTION_WATCH",
  "TICKET_ACTION_SET_WATCHERS",
  "TICKET_ACTION_VIEW_AUDIT",
  "TICKET_ACTION_EXPLAIN_SLA",
];

export const auditEntries: readonly AuditEntry[] = [
  ...timelineFixture
    .flatMap(({ auditEntry }) => auditEntry ?? [])
    .map((entry, index) => ({ ...entry, chainNo: String(index + 1) })),
  auditFixture(6, { action: "SENSITIVE_VIEWED", oldValues: {}, newValues: {}, reason: "The RTO asks for the number" }),
];

type Given = {
  ticket: Ticket;
  entries?: readonly TimelineEntry[];
  actions?: readonly TicketAction[];
  /** Of a sensitive ticket, for who gives a reason. */
  revealed?: Ticket;
  verified?: Schemas["VerifyAuditResponse"];
};

type Asked = { afterSeq: string; pageSize: number; orderBy: string; kinds: string[] };

/** A ticket with all that its panel asks for, by name, so that a story can replace some. */
export function panelAnswers({
  ticket,
  entries = timelineFixture,
  actions = ACTIONS,
  revealed = ticket,
  verified = { intact: true, entriesChecked: "6" },
}: Given) {
  const page = (all: readonly TimelineEntry[], { afterSeq, pageSize: size, orderBy, kinds }: Asked) => {
    const after = Number(afterSeq);
    const there = all.filter(
      ({ message }) =>
        kinds.length === 0 || kinds.includes(message ? "TIMELINE_KIND_MESSAGE" : "TIMELINE_KIND_AUDIT_ENTRY"),
    );
    const rest =
      orderBy === "seq desc"
        ? there.filter(({ seq }) => after === 0 || Number(seq) < after).toReversed()
        : there.filter(({ seq }) => Number(seq) > after);
    return HttpResponse.json({ entries: rest.slice(0, size), nextPageToken: rest.length > size ? "more" : "" });
  };
  const shown = ticket.redacted ? withheld(entries) : entries;
  return {
    watch: http.all("*/admin/tickets/:id/timeline\\:watch", async ({ request }) => {
      const body = request.method === "POST" ? ((await request.json()) as { afterSeq: string }) : null;
      return streamOf(body ? entries.filter(({ seq }) => Number(seq) > Number(body.afterSeq)) : []);
    }),
    ticket: http.get("*/admin/tickets/:id", () => HttpResponse.json(ticket)),
    view: http.post("*/admin/tickets/:id\\:view", () => HttpResponse.json(revealed)),
    actions: http.get("*/admin/tickets/:id/actions", () =>
      HttpResponse.json({ ticketId: ticket.id, etag: ticket.etag, actions, transitions: ["TICKET_STATUS_RESOLVED"] }),
    ),
    timeline: http.get("*/admin/tickets/:id/timeline", ({ request }) => {
      const query = new URL(request.url).searchParams;
      return page(shown, {
        afterSeq: query.get("afterSeq") ?? "",
        pageSize: Number(query.get("pageSize")),
        orderBy: query.get("orderBy") ?? "",
        kinds: query.getAll("kinds"),
      });
    }),
    timelineView: http.post("*/admin/tickets/:id/timeline\\:view", async ({ request }) => {
      return page(entries, { kinds: [], ...((await request.json()) as Partial<Asked>) } as Asked);
    }),
    watchers: http.get("*/admin/tickets/:id/watchers", () => HttpResponse.json({ watchers: watcherFixtures })),
    setWatch: http.post("*/admin/tickets/:id/watch", () => HttpResponse.json({ watching: true })),
    linked: http.post("*/admin/tickets\\:list", async ({ request }) => {
      const { includeTotal } = (await request.json()) as { includeTotal?: boolean };
      return HttpResponse.json(
        includeTotal ? { tickets: [], totalSize: "3" } : { tickets: ticketFixtures.slice(1, 6) },
      );
    }),
    audit: http.get("*/admin/tickets/:id/audit", () =>
      HttpResponse.json({
        auditEntries: ticket.redacted
          ? auditEntries.map((each) => ({ ...each, redacted: true, hash: "", prevHash: "" }))
          : auditEntries,
      }),
    ),
    auditView: http.post("*/admin/tickets/:id/audit\\:view", () => HttpResponse.json({ auditEntries })),
    verify: http.get("*/admin/tickets/:id/audit\\:verify", () => HttpResponse.json(verified)),
    attachments: http.all("*/admin/tickets/:id/attachments*", () => HttpResponse.json({ attachments: [] })),
    sla: http.get("*/admin/tickets/:id/sla", () => HttpResponse.json({ ticketId: ticket.id })),
    messages: http.post("*/admin/tickets/:id/messages", () => delay("infinite")),
  };
}

/** A stream that sends these entries and a mark, and stays open. */
export function streamOf(entries: readonly TimelineEntry[]): HttpResponse<ReadableStream> {
  const encoder = new TextEncoder();
  const stream = new ReadableStream({
    start(controller) {
      for (const entry of entries) {
        controller.enqueue(encoder.encode(`event: entry\nid: ${entry.seq}\ndata: ${JSON.stringify({ entry })}\n\n`));
      }
      const seq = entries.at(-1)?.seq ?? "0";
      controller.enqueue(
        encoder.encode(`event: progress\nid: ${seq}\ndata: ${JSON.stringify({ progress: { seq } })}\n\n`),
      );
    },
  });
  return new HttpResponse(stream, { headers: { "Content-Type": "text/event-stream" } });
}
