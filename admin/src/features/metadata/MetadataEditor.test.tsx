import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Button, Form } from "antd";
import { expect, it, vi } from "vitest";
import { renderView } from "@/testing/render";
import { METADATA_EXTRA, MetadataItem } from "./MetadataItem";
import { draftOf, type Metadata, type MetadataDraft, readMetadata } from "./metadataDraft";

/** A form that gives the metadata that it would send. */
function draw(metadata: Metadata) {
  const onSave = vi.fn();
  renderView(
    <Form<{ metadata: MetadataDraft }>
      initialValues={{ metadata: draftOf(metadata) }}
      onFinish={(values) => onSave(readMetadata(values.metadata).metadata)}
    >
      <MetadataItem extra={METADATA_EXTRA} disabled={false} />
      <Button htmlType="submit">Save</Button>
    </Form>,
  );
  return onSave;
}

const save = () => userEvent.click(screen.getByRole("button", { name: "Save" }));
const rowsNow = () => screen.queryAllByRole("listitem");

it("is filled in by the keyboard alone", async () => {
  const onSave = draw({ route: "Pune" });
  const user = userEvent.setup();
  screen.getByRole("textbox", { name: "Row 1, value" }).focus();
  await user.keyboard("{Enter}");
  await vi.waitFor(() => expect(screen.getByRole("textbox", { name: "Row 2, name" })).toHaveFocus());
  await user.keyboard("driver{Enter}");
  expect(screen.getByRole("textbox", { name: "Row 2, value" })).toHaveFocus();
  await user.keyboard("Ravi{Shift>}{Enter}{/Shift}Kumar");
  expect(onSave).not.toHaveBeenCalled();
  await save();
  await vi.waitFor(() => expect(onSave).toHaveBeenCalledWith({ route: "Pune", driver: "Ravi\nKumar" }));
});

it("keeps the focus near a row that is removed", async () => {
  const onSave = draw({ a: "1", b: "2" });
  await userEvent.click(screen.getByRole("button", { name: "Remove a" }));
  await vi.waitFor(() => expect(screen.getByRole("textbox", { name: "Row 1, name" })).toHaveFocus());
  await userEvent.click(screen.getByRole("button", { name: "Remove b" }));
  await vi.waitFor(() => expect(screen.getByRole("button", { name: "Add a row" })).toHaveFocus());
  await save();
  await vi.waitFor(() => expect(onSave).toHaveBeenCalledWith({}));
});

it("says beside the row what is wrong once it was left, and nothing is sent", async () => {
  const onSave = draw({ amount: 3 });
  const value = screen.getByRole("textbox", { name: "Row 1, value" });
  await userEvent.clear(value);
  await userEvent.type(value, "three");
  const words = "This is no number. Write it as 48500 or 0.5.";
  expect(screen.queryByText(words)).toBeNull();
  await save();
  expect(await within(rowsNow()[0] as HTMLElement).findByRole("alert")).toHaveTextContent(words);
  expect(value).toHaveAccessibleDescription(words);
  expect(value).toBeInvalid();
  expect(screen.getByRole("textbox", { name: "Row 1, name" })).toBeValid();
  expect(await screen.findByText("Mend the rows that are marked.")).toBeInTheDocument();
  expect(onSave).not.toHaveBeenCalled();
});

it("says what is wrong with a number once the field is left, within the row, too", async () => {
  draw({ id: 3, other: 4 });
  const words = "This has more digits than a number keeps. Keep it as text.";
  const [first, second] = ["Row 1, value", "Row 2, value"].map((name) => screen.getByRole("textbox", { name }));
  await userEvent.type(first as HTMLElement, "2345678901234567891");
  expect(screen.queryByText(words)).toBeNull();
  await userEvent.tab();
  expect(screen.getByRole("button", { name: "Remove id" })).toHaveFocus();
  expect(within(rowsNow()[0] as HTMLElement).getByRole("alert")).toHaveTextContent(words);
  await userEvent.type(second as HTMLElement, "2345678901234567891");
  await userEvent.click(document.body);
  expect(within(rowsNow()[1] as HTMLElement).getByRole("alert")).toHaveTextContent(words);
});

it("says what is wrong with a text that was made a number", async () => {
  draw({ id: "12345678901234567890" });
  const type = screen.getByRole("combobox", { name: "Row 1, type" });
  await userEvent.click(type);
  await userEvent.click(await screen.findByTitle("Number"));
  expect(await screen.findByRole("alert")).toHaveTextContent("This has more digits than a number keeps.");
});

it("goes from rows to JSON and back, and keeps what it could not take along", async () => {
  const onSave = draw({ party: { name: "Asha" }, paid: true });
  await userEvent.click(screen.getByRole("button", { name: "Edit as JSON" }));
  const json = screen.getByRole("textbox", { name: "Metadata as JSON" });
  expect(json).toHaveValue('{\n  "party": {\n    "name": "Asha"\n  },\n  "paid": true\n}');
  await userEvent.clear(json);
  await userEvent.click(json);
  await userEvent.paste('{"seal": 48213,');
  await userEvent.click(screen.getByRole("button", { name: "Edit as rows" }));
  expect(await screen.findAllByText(/^This is no JSON/)).not.toHaveLength(0);
  await userEvent.click(json);
  await userEvent.paste('"open": false}');
  await userEvent.click(screen.getByRole("button", { name: "Edit as rows" }));
  expect(screen.getByRole("textbox", { name: "Row 1, value" })).toHaveValue("48213");
  expect(rowsNow()).toHaveLength(2);
  await save();
  await vi.waitFor(() => expect(onSave).toHaveBeenCalledWith({ seal: 48213, open: false }));
});
