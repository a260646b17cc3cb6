import assert from "node:assert/strict";
import { test } from "node:test";

import type { components, operations } from "../src/gen/http.js";

type Created = NonNullable<operations["TicketService_CreateTicket"]["requestBody"]>["content"]["application/json"];
type Query = NonNullable<operations["TicketService_ListTickets"]["parameters"]["query"]>;
type Detail = components["schemas"]["Status"]["details"][number];

function reasonOf(status: components["schemas"]["Status"]): string | undefined {
  const info = status.details.find((each) => each["@type"] === "type.googleapis.com/google.rpc.ErrorInfo");
  return info?.["@type"] === "type.googleapis.com/google.rpc.ErrorInfo" ? info.reason : undefined;
}

test("the types of HTTP say what the gateway takes and gives", () => {
  const created: Created = { title: "Payment not received", description: "…", priority: "TICKET_PRIORITY_HIGH" };
  // @ts-expect-error A ticket to create has a title.
  const untitled: Created = { description: "…" };
  // @ts-expect-error There is no such priority.
  const unknown: Created = { ...created, priority: "HIGH" };
  const query: Query = { "filter.statuses": ["TICKET_STATUS_OPEN"], "filter.linkedId": "BKG-123", pageSize: 50 };
  const detail: Detail = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "TICKET_NOT_FOUND" };
  assert.equal(reasonOf({ code: 5, message: "…", details: [detail] }), "TICKET_NOT_FOUND");
  assert.ok([created, untitled, unknown, query].every(Boolean));
});
