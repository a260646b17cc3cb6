import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Button } from "antd";
import { expect, it, vi } from "vitest";
import { renderView } from "@/testing/render";
import { ButtonTip } from "./ButtonTip";

async function pointedAt(isTouch: boolean) {
  const before = window.matchMedia;
  vi.spyOn(window, "matchMedia").mockImplementation((query) => ({
    ...before(query),
    matches: isTouch && query === "(hover: none)",
  }));
  renderView(
    <ButtonTip title="Message (M)" mouseEnterDelay={0}>
      <Button>Message</Button>
    </ButtonTip>,
  );
  await userEvent.hover(screen.getByRole("button"));
}

it("is shown to who points at the button", async () => {
  await pointedAt(false);
  expect(await screen.findByRole("tooltip")).toHaveTextContent("Message (M)");
});

it("is not shown where a tap would leave it there", async () => {
  await pointedAt(true);
  expect(screen.queryByRole("tooltip")).not.toBeInTheDocument();
  expect(screen.getByRole("button")).not.toHaveClass("ant-tooltip-open");
});
