import { fireEvent, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderView } from "@/testing/render";
import { useDraft } from "./useDraft";

function Field({ isSensitive }: { isSensitive: boolean }) {
  const [draft, setDraft] = useDraft("TKT-1", isSensitive);
  return <input value={draft.text} onChange={(event) => setDraft({ text: event.target.value })} />;
}

async function type(isSensitive: boolean, text: string) {
  const view = renderView(<Field isSensitive={isSensitive} />);
  fireEvent.change(await screen.findByRole("textbox"), { target: { value: text } });
  view.unmount();
}

it("is kept for the tab, for its writer alone", async () => {
  await type(false, "The receipt is here");
  const mine = renderView(<Field isSensitive={false} />);
  expect(await screen.findByRole("textbox")).toHaveValue("The receipt is here");
  mine.unmount();
  renderView(<Field isSensitive={false} />, { caller: { userId: "farid" } });
  expect(await screen.findByRole("textbox")).toHaveValue("");
});

it("is in no storage where the texts of messages are protected, and still there after another tab of the panel", async () => {
  await type(true, "Aadhaar 1234");
  expect(sessionStorage.length).toBe(0);
  renderView(<Field isSensitive />);
  expect(await screen.findByRole("textbox")).toHaveValue("Aadhaar 1234");
});
