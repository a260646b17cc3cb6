import { beforeEach, expect, it } from "vitest";
import { OutgoingStore } from "./keptOutgoing";

const message = (key: string) => ({
  key,
  text: "Hello",
  isInternalNote: true,
  attachments: [{ id: "a" }],
  afterSeq: 7,
  writtenAt: 8,
});

beforeEach(() => sessionStorage.clear());

it("has what was added and not forgotten, in that order, by person and ticket", () => {
  const store = new OutgoingStore("asha", "TKT-1");
  for (const key of ["a", "b", "c"]) {
    store.add(message(key));
  }
  store.forget("b");
  store.forget("unknown");
  expect(new OutgoingStore("asha", "TKT-1").read()).toEqual([message("a"), message("c")]);
  expect(new OutgoingStore("asha", "TKT-2").read()).toEqual([]);
  expect(new OutgoingStore("farid", "TKT-1").read()).toEqual([]);
  store.forgetAll();
  expect(sessionStorage).toHaveLength(0);
});

it.each(["", "{", "null", "7", "{}", '[null, 1, {"key": "k"}]', '[{"key":"k","text":"t","attachments":[{}]}]'])(
  "takes %j for nothing",
  (kept) => {
    sessionStorage.setItem("tickets.outgoing.asha.TKT-1", kept);
    expect(new OutgoingStore("asha", "TKT-1").read()).toEqual([]);
  },
);
