import { expect, it } from "vitest";
import { webhookFixture } from "@/fixtures/webhooks";
import { changedFields, webhookDraftOf, webhookOf } from "./webhookDraft";

const webhook = webhookFixture({
  filter: { statuses: ["TICKET_STATUS_NEW"], archived: true, priorities: ["TICKET_PRIORITY_HIGH"] },
});

it("leaves parts of a filter that the form does not have as they are", () => {
  const draft = webhookDraftOf(webhook);
  const after = webhookOf({ ...draft, filter: { statuses: [], ownerRoles: ["ROLE_FINANCE"] } }, webhook);
  expect(after.filter).toEqual({ archived: true, ownerRoles: ["ROLE_FINANCE"] });
});

it("names what differs, and nothing when nothing does", () => {
  const draft = webhookDraftOf(webhook);
  expect(changedFields(webhook, webhookOf(draft, webhook))).toEqual([]);
  expect(changedFields(webhook, webhookOf({ ...draft, url: "https://b.example.com" }, webhook))).toEqual(["url"]);
});

it("takes the filter away for all tickets, archived ones too, which an empty filter would not mean", () => {
  const after = webhookOf({ ...webhookDraftOf(webhook), tickets: "all" }, webhook);
  expect(after.filter).toBeUndefined();
  expect(changedFields(webhook, after)).toEqual(["filter"]);
  expect(webhookOf({ ...webhookDraftOf(null), tickets: "some" }, null).filter).toEqual({});
});
