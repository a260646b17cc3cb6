import { expect, it } from "vitest";
import { draftOf } from "@/features/metadata/metadataDraft";
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
  '{"metadata":{"a":1}}',
  '{"metadata":{"rows":[{"name":"a"}],"json":null}}',
  '{"linkedType":{"linkedType":"A","linkedId":{}}}',
])("of another form is none: %s", (kept) => {
  sessionStorage.setItem("tickets.create-draft.asha", kept);
  expect(readDraft("asha")).toBeNull();
});

it("has the metadata, but not of a sensitive ticket", () => {
  const metadata = draftOf({ account: "123", amount: 48500 });
  keepDraft("asha", { metadata });
  expect(readDraft("asha")).toEqual({ metadata });
  keepDraft("asha", { title: "Fraud alert", metadata, isSensitive: true });
  expect(readDraft("asha")).toEqual({ title: "Fraud alert", isSensitive: true });
  keepDraft("asha", { metadata: draftOf() });
  expect(readDraft("asha")).toBeNull();
});
