import { expect, it } from "vitest";
import { auditFixture } from "@/fixtures/timeline";
import { actorWords, changesOf, notableChanges, sentenceOf } from "./auditWords";

it("tells of an assignment to a person, and to a queue", () => {
  const to = (newValues: Record<string, unknown>) =>
    sentenceOf(auditFixture(1, { action: "ASSIGNMENT_CHANGED", newValues }));
  expect(to({ owner_id: "asha", owner_role: "ops_agent" })).toEqual({
    words: "assigned it to",
    owner: { ownerId: "asha", ownerRole: "ROLE_OPS_AGENT" },
  });
  expect(to({ owner_id: null, owner_role: "finance" }).owner).toEqual({
    ownerId: undefined,
    ownerRole: "ROLE_FINANCE",
  });
});

it("tells states by their names, and leaves bookkeeping out", () => {
  const entry = auditFixture(1, {
    oldValues: { status: "OPEN", sla_changed_at: "2026-11-23T04:30:00Z" },
    newValues: { status: "AWAITING_FINANCE", sla_changed_at: "2026-11-23T05:30:00Z" },
  });
  expect(notableChanges(entry)).toMatchObject([{ label: "Status", before: "Open", after: "Awaiting finance" }]);
  expect(changesOf(entry)).toHaveLength(2);
});

it("tells of the clock's escalation", () => {
  const entry = auditFixture(1, {
    actorId: "SYSTEM",
    action: "AUTO_ESCALATED",
    newValues: { sla_escalation_level: 2, owner_role: "ops_manager", owner_id: null, status: "ESCALATED" },
  });
  expect(actorWords(entry)).toBe("The SLA clock");
  expect(sentenceOf(entry).words).toBe("escalated it to level 2, the deadline having passed, to");
});

it("says withheld only of what is protected", () => {
  const entry = auditFixture(1, {
    action: "TICKET_UPDATED",
    redacted: true,
    oldValues: { description: null, owner_id: null },
    newValues: { description: null, owner_id: "asha" },
  });
  expect(changesOf(entry)).toMatchObject([
    { before: "withheld", after: "withheld" },
    { before: "", after: "asha" },
  ]);
});

it("treats an unknown action as some other change", () => {
  expect(sentenceOf(auditFixture(1, { action: "PARCEL_WEIGHED" })).words).toBe("made a change (parcel weighed)");
});

it("names the file that was attached, and none that is withheld", () => {
  const added = (file_name: string | null) =>
    auditFixture(1, { action: "ATTACHMENT_ADDED", oldValues: {}, newValues: { file_name, sha256: "c0ffee" } });
  expect(sentenceOf(added("proof.pdf")).words).toBe("attached \u2068proof.pdf\u2069");
  expect(sentenceOf(added(null)).words).toBe("attached a file");
  expect(notableChanges(added("proof.pdf"))).toEqual([]);
});
