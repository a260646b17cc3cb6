import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Button, Form } from "antd";
import { expect, it, vi } from "vitest";
import { renderView } from "@/testing/render";
import { lengthWords } from "./leastLength";
import { ReasonField } from "./ReasonField";

const TOO_SHORT = "Say why, in 20 characters or more.";

it("says beforehand how much it wants, and one thing of what is too short", async () => {
  const user = userEvent.setup();
  const onFinish = vi.fn();
  renderView(
    <Form onFinish={onFinish}>
      <ReasonField />
      <Button htmlType="submit">Send</Button>
    </Form>,
  );
  const field = screen.getByLabelText("Reason");
  expect(field).toHaveAccessibleDescription("At least 20 characters");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await screen.findByText(TOO_SHORT)).toBeInTheDocument();

  await user.click(field);
  await user.paste("Too short   ");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(screen.getByText("9 of at least 20 characters")).toBeInTheDocument();
  expect(screen.getByText(TOO_SHORT)).toBeInTheDocument();
  expect(onFinish).not.toHaveBeenCalled();

  await user.click(field);
  await user.paste("it was, this is enough");
  await waitFor(() => expect(screen.queryByText(TOO_SHORT)).toBeNull());
  expect(screen.getByText("34 / 2000")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Send" }));
  await waitFor(() => expect(onFinish).toHaveBeenCalled());
});

it.each([
  ["", "At least 20 characters"],
  [" \n ", "At least 20 characters"],
  ["a        b", "3 of at least 20 characters"],
  ["ab".repeat(10), "20 / 500"],
])("words for %j", (text, words) => {
  expect(lengthWords(text, 20, 500)).toBe(words);
});
