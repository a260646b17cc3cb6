import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { renderView } from "@/testing/render";
import { CancelButton, FormDrawer, FormFoot, FormModal, Unsaved } from "./FormDialog";
import { isEdited } from "./isEdited";
import { useFocusReturn } from "./useFocusReturn";

// jsdom tells of the end of no motion.
beforeEach(() => {
  const before = window.matchMedia;
  vi.spyOn(window, "matchMedia").mockImplementation((query) => ({
    ...before(query),
    matches: query.includes("prefers-reduced-motion"),
  }));
});

const KINDS = {
  modal: { Dialog: FormModal, mask: ".ant-modal-wrap" },
  drawer: { Dialog: FormDrawer, mask: ".ant-drawer-mask" },
};

function View({ Dialog, onKey }: { Dialog: typeof FormModal; onKey?: () => void }) {
  const [open, setOpen] = useState(false);
  useHotkeys("j", () => onKey?.());
  return (
    <>
      <Button onClick={() => setOpen(true)}>Open</Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Words" footer={null} destroyOnHidden>
        <Words onSaved={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function Words({ onSaved }: { onSaved(): void }) {
  const [form] = Form.useForm<{ words: string }>();
  return (
    <Form form={form} onFinish={onSaved}>
      <Unsaved isChanged={() => isEdited({}, form.getFieldsValue())} />
      <Form.Item name="words" label="Words">
        <Input autoFocus />
      </Form.Item>
      <CancelButton />
      <Button htmlType="submit">Save</Button>
    </Form>
  );
}

const dialog = () => screen.queryByRole("dialog", { name: "Words" });
const question = () => screen.queryByText("Discard what you entered?");

async function openAndWrite(user: ReturnType<typeof userEvent.setup>, text: string) {
  await user.click(screen.getByRole("button", { name: "Open" }));
  const field = await screen.findByRole("textbox");
  await user.click(field);
  await user.keyboard(text);
  return field;
}

function clickBeside(mask: string) {
  const element = document.querySelector(mask) as Element;
  fireEvent.mouseDown(element);
  fireEvent.click(element);
}

/** Whether the browser would ask before the page is left. */
const isAskedByTheBrowser = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));

describe.each(Object.entries(KINDS))("a form in a %s", (_, { Dialog, mask }) => {
  it("is left at once by every way while nothing is in it", async () => {
    const user = userEvent.setup();
    renderView(<View Dialog={Dialog as typeof FormModal} />);
    const ways = [
      () => user.keyboard("{Escape}"),
      () => user.click(screen.getByRole("button", { name: "Close" })),
      () => user.click(screen.getByRole("button", { name: "Cancel" })),
      async () => clickBeside(mask),
    ];
    for (const way of ways) {
      await openAndWrite(user, "a{Backspace}");
      expect(isAskedByTheBrowser()).toBe(false);
      await way();
      await waitFor(() => expect(dialog()).toBeNull());
      expect(question()).toBeNull();
    }
  });

  it("stays as it is, whatever is pressed, until it is discarded", async () => {
    const user = userEvent.setup();
    renderView(<View Dialog={Dialog as typeof FormModal} />);
    const field = await openAndWrite(user, "Paid");
    expect(isAskedByTheBrowser()).toBe(true);
    clickBeside(mask);
    expect(dialog()).toBeInTheDocument();
    expect(question()).toBeNull();

    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.getByRole("button", { name: "Keep editing" })).toHaveFocus());
    await user.keyboard("{Enter}");
    await waitFor(() => expect(question()).toBeNull());
    expect(field).toHaveFocus();
    expect(field).toHaveValue("Paid");

    // By its buttons from here: in tests antd gives all dialogs one id, and takes Escape from all when one is closed.
    await user.click(screen.getByRole("button", { name: "Close" }));
    await user.click(await screen.findByRole("button", { name: "Keep editing" }));
    await waitFor(() => expect(question()).toBeNull());
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    await user.click(await screen.findByRole("button", { name: "Discard" }));
    await waitFor(() => expect(dialog()).toBeNull());
    expect(question()).toBeNull();
    await waitFor(() => expect(screen.getByRole("button", { name: "Open" })).toHaveFocus());
    expect(isAskedByTheBrowser()).toBe(false);
    expect(await openAndWrite(user, "New")).toHaveValue("New");
  });

  it("asks nothing when it is saved", async () => {
    const user = userEvent.setup();
    renderView(<View Dialog={Dialog as typeof FormModal} />);
    await openAndWrite(user, "Paid");
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() => expect(dialog()).toBeNull());
    expect(question()).toBeNull();
    expect(isAskedByTheBrowser()).toBe(false);
  });

  it("is sent by Ctrl + Enter in a field, once, by a button in the form or in the foot, unless that is busy", async () => {
    const user = userEvent.setup();
    const onSend = vi.fn();
    const Foot = ({ isBusy }: { isBusy: boolean }) => (
      <FormFoot>
        <Button type="primary" disabled={isBusy} onClick={onSend}>
          Create
        </Button>
      </FormFoot>
    );
    const View = ({ isBusy = false }) => {
      const Kind = Dialog as typeof FormModal;
      return (
        <Kind open onClose={() => undefined} title="Words" footer={<Foot isBusy={isBusy} />}>
          <Form component="div">
            <Input aria-label="Words" />
          </Form>
        </Kind>
      );
    };
    const { unmount } = renderView(<View />);
    const field = await screen.findByRole("textbox");
    await user.click(field);
    await user.keyboard("{Enter}{Control>}{Enter}{/Control}");
    expect(onSend).toHaveBeenCalledTimes(1);
    fireEvent.keyDown(field, { key: "Enter", ctrlKey: true, repeat: true });
    expect(onSend).toHaveBeenCalledTimes(1);
    fireEvent.keyDown(field, { key: "Enter", metaKey: true });
    expect(onSend).toHaveBeenCalledTimes(2);
    unmount();
    renderView(<View isBusy />);
    fireEvent.keyDown(await screen.findByRole("textbox"), { key: "Enter", ctrlKey: true });
    expect(onSend).toHaveBeenCalledTimes(2);
  });

  it("keeps keys from the page's shortcuts", async () => {
    const user = userEvent.setup();
    const onKey = vi.fn();
    renderView(<View Dialog={Dialog as typeof FormModal} onKey={onKey} />);
    await user.keyboard("j");
    expect(onKey).toHaveBeenCalledTimes(1);
    await openAndWrite(user, "Paid");
    await user.tab();
    await user.keyboard("j");
    expect(onKey).toHaveBeenCalledTimes(1);
  });
});

function TakenAway({ onClose }: { onClose(): void }) {
  useFocusReturn();
  return (
    <FormModal open onClose={onClose} title="Words" footer={null}>
      <Words onSaved={onClose} />
    </FormModal>
  );
}

function Opener() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Open</Button>
      {open && <TakenAway onClose={() => setOpen(false)} />}
    </>
  );
}

it("gives the focus back when it is taken away after it was discarded", async () => {
  const user = userEvent.setup();
  renderView(<Opener />);
  await openAndWrite(user, "Paid");
  await user.keyboard("{Escape}");
  await user.click(await screen.findByRole("button", { name: "Discard" }));
  await waitFor(() => expect(dialog()).toBeNull());
  await waitFor(() => expect(screen.getByRole("button", { name: "Open" })).toHaveFocus());
});

it.each([
  ["nothing and blank", {}, { a: "", b: null, c: [], d: { e: undefined } }, false],
  ["another order", { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, false],
  ["another text", { a: "x" }, { a: "y" }, true],
  ["another of several", { a: ["x"] }, { a: ["x", "y"] }, true],
  ["what was on", { a: true }, { a: false }, true],
  ["a choice where there was none", {}, { a: false }, true],
])("compares %s", (_, before, now, expected) => {
  expect(isEdited(before, now)).toBe(expected);
});
