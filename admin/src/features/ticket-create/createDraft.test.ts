import { expect, it } from "vitest";
import { forgetDraft, keepDraft, readDraft } from "./createDraft";

it("is of one person", () => {
  keepDraft("asha", { title: "Fraud alert", description: "Account 123" });
  expect(readDraft("farid")).toBeNull();
  expect(readDraft("asha")).toEqual({ title: "Fraud alert", description: "Account 123" });
  forgetDraft("asha");
  expect(sessionStorage.length).toBe(0);
});

it.each([
  '"text"',
  "7",
  "{",
  '{"title":{}}',
  '{"tags":"a"}',
  '{"tags":[7]}',
  '{"linkedType":"BOOKING"}',
  '{"linkedType":{"linkedType":"A","linkedId":{}}}',
])("of another form is none: %s", (kept) => {
  sessionStorage.setItem("tickets.create-draft.asha", kept);
  expect(readDraft("asha")).toBeNull();
});
