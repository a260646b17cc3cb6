import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Button, Checkbox, Modal } from "antd";
import { useState } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { renderView } from "@/testing/render";
import { ButtonMenu } from "./ButtonMenu";
import { Flyout } from "./Flyout";
import { useFocusReturn } from "./useFocusReturn";

// jsdom tells of the end of no motion.
beforeEach(() => {
  const before = window.matchMedia;
  vi.spyOn(window, "matchMedia").mockImplementation((query) => ({
    ...before(query),
    matches: query.includes("prefers-reduced-motion"),
  }));
});

function Controls() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Flyout
        label="Choices"
        open={open}
        onOpenChange={setOpen}
        content={
          <>
            <Checkbox>One</Checkbox>
            <Checkbox>Two</Checkbox>
          </>
        }
      >
        <Button aria-expanded={open}>Choose</Button>
      </Flyout>
      <Button>After</Button>
    </>
  );
}

describe("controls behind a button", () => {
  it("take the focus, and give it back by Escape and beyond the last of them", async () => {
    const user = userEvent.setup();
    renderView(<Controls />);
    const button = screen.getByRole("button", { name: "Choose" });
    await user.tab();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByRole("checkbox", { name: "One" })).toHaveFocus());
    expect(screen.getByRole("dialog", { name: "Choices" })).toBeInTheDocument();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(button).toHaveFocus());
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();

    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByRole("checkbox", { name: "One" })).toHaveFocus());
    await user.tab();
    expect(screen.getByRole("checkbox", { name: "Two" })).toHaveFocus();
    await user.tab();
    await waitFor(() => expect(button).toHaveFocus());
    await user.tab();
    expect(screen.getByRole("button", { name: "After" })).toHaveFocus();
  });
});

function Asking({ onClose }: { onClose(): void }) {
  useFocusReturn();
  return <Modal open title="Sure?" footer={null} onCancel={onClose} />;
}

function Actions() {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <ButtonMenu menu={{ items: [{ key: "ask", label: "Ask" }], onClick: () => setAsking(true) }}>
        <Button>Actions</Button>
      </ButtonMenu>
      {asking && <Asking onClose={() => setAsking(false)} />}
    </>
  );
}

describe("a menu behind a button", () => {
  it.each([
    ["keys", (user: ReturnType<typeof userEvent.setup>) => user.tab().then(() => user.keyboard("{Enter}"))],
    ["the mouse", (user: ReturnType<typeof userEvent.setup>) => user.click(screen.getByRole("button"))],
  ])("gives the focus back by Escape, opened by %s", async (_, open) => {
    const user = userEvent.setup();
    renderView(<Actions />);
    const button = screen.getByRole("button", { name: "Actions" });
    await open(user);
    await waitFor(() => expect(screen.getByRole("menuitem", { name: "Ask" })).toHaveFocus());
    await user.keyboard("{Escape}");
    await waitFor(() => expect(button).toHaveFocus());
  });

  it("takes the focus, and the dialog that a choice opens leads back to the button", async () => {
    const user = userEvent.setup();
    renderView(<Actions />);
    await user.tab();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByRole("menuitem", { name: "Ask" })).toHaveFocus());
    await user.click(screen.getByRole("menuitem", { name: "Ask" }));
    const dialog = await screen.findByRole("dialog", { name: "Sure?" });
    await waitFor(() => expect(dialog).toContainElement(document.activeElement as HTMLElement));
    await user.click(screen.getByRole("button", { name: "Close" }));
    await waitFor(() => expect(screen.getByRole("button", { name: "Actions" })).toHaveFocus());
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });
});
