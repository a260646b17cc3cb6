import { expect, it } from "vitest";
import { FIXED_NOW } from "@/fixtures/now";
import { manyEntries, messageEntry, timelineFixture, withheld } from "@/fixtures/timeline";
import { type Outgoing, withoutEchoes } from "./outbox";
import { byDay, merged, ofKinds } from "./timelineEntries";

it("has each entry once, in the order of its number", () => {
  const [a, b, c] = [messageEntry(1), messageEntry(2), messageEntry(3)];
  expect(merged([c, a], [b, c]).map(({ seq }) => seq)).toEqual(["1", "2", "3"]);
});

it("does not cover what was revealed by a withheld copy", () => {
  const revealed = messageEntry(4, { message: "The licence ends in 1234." });
  expect(merged([revealed], withheld([revealed]))).toEqual([revealed]);
  expect(merged(withheld([revealed]), [revealed])).toEqual([revealed]);
});

it("parts the days, and keeps the order", () => {
  const days = byDay(manyEntries(300), Date.parse(FIXED_NOW));
  expect(days.at(-1)?.label).toBe("Today");
  expect(days.at(-2)?.label).toBe("Yesterday");
  expect(days.flatMap(({ entries }) => entries)).toHaveLength(300);
});

it("tells messages from changes", () => {
  expect(ofKinds(timelineFixture, "messages")).toHaveLength(4);
  expect(ofKinds(timelineFixture, "changes")).toHaveLength(5);
});

const TWO_DAYS = 48 * 3_600_000;

it("hides one's own message while it is still shown as on its way, and only once", () => {
  const outgoing: Outgoing = {
    key: "k",
    text: "Hello",
    isInternalNote: false,
    attachments: [],
    state: "sending",
    afterSeq: 1,
    writtenAt: 0,
  };
  const entries = [
    messageEntry(1, { actorId: "me", message: "Hello" }),
    messageEntry(2, { actorId: "me", message: "Hello" }),
    messageEntry(3, { actorId: "me", message: "Hello" }),
  ];
  expect(withoutEchoes(entries, [outgoing], "me", TWO_DAYS).map(({ seq }) => seq)).toEqual(["1", "3"]);
  expect(withoutEchoes(entries, [], "me", TWO_DAYS)).toHaveLength(3);
  for (const state of ["failed", "left"] as const) {
    expect(withoutEchoes(entries, [{ ...outgoing, state }], "me", 0)).toHaveLength(2);
    expect(withoutEchoes(entries, [{ ...outgoing, state }], "me", TWO_DAYS)).toHaveLength(3);
  }
});
