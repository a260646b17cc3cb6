import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Form } from "antd";
import { expect, it, vi } from "vitest";
import { terms } from "@/features/ticket-actions/handlers";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { TAGS_MAX, TagsField } from "./TagsField";

const tags = (count: number) => Array.from({ length: count }, (_, index) => `tag-${index}`);

function draw(chosen: string[]) {
  server.use(terms);
  const onChange = vi.fn();
  renderView(
    <Form initialValues={{ tags: chosen }} onValuesChange={(_, { tags }) => onChange(tags)}>
      <Form.Item name="tags" label="Tags">
        <TagsField />
      </Form.Item>
    </Form>,
  );
  return onChange;
}

async function enter(tag: string) {
  const field = await screen.findByLabelText("Tags");
  await userEvent.type(field, tag);
  await waitFor(() => expect(field).toHaveAttribute("aria-activedescendant"));
  fireEvent.keyDown(field, { key: "Enter", keyCode: 13, which: 13 });
}

it("takes one more by Enter", async () => {
  const onChange = draw(tags(TAGS_MAX - 1));
  await enter("late");
  expect(onChange).toHaveBeenLastCalledWith([...tags(TAGS_MAX - 1), "late"]);
  expect(screen.getByRole("status")).toHaveTextContent("20 tags are the most");
});

it("loses none of the chosen ones when there are as many as there may be", async () => {
  const onChange = draw(tags(TAGS_MAX));
  await enter("late");
  await enter("later");
  for (const [value] of onChange.mock.calls) {
    expect(value).toEqual(tags(TAGS_MAX));
  }
});
