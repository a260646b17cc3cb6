import type { Meta, StoryObj } from "@storybook/react-vite";
import { Form } from "antd";
import { HttpResponse, http } from "msw";
import { policies, terms } from "@/features/ticket-actions/handlers";
import { memberFixtures } from "@/fixtures/members";
import { FranchiseField } from "./FranchiseField";
import { LinkedEntityField } from "./LinkedEntityField";
import { MemberField } from "./MemberField";
import { PriorityField } from "./PriorityField";
import { TagsField } from "./TagsField";

const lookup = http.get("*/admin/members\\:lookup", () => HttpResponse.json({ members: memberFixtures }));

function Fields({ values, disabled = false }: { values: object; disabled?: boolean }) {
  return (
    <Form layout="vertical" initialValues={values} disabled={disabled} style={{ maxWidth: 560 }}>
      <Form.Item name="link" label="Linked to">
        <LinkedEntityField disabled={disabled} />
      </Form.Item>
      <Form.Item name="tags" label="Tags">
        <TagsField disabled={disabled} />
      </Form.Item>
      <Form.Item name="franchise" label="Franchise">
        <FranchiseField disabled={disabled} />
      </Form.Item>
      <Form.Item name="member" label="Owner">
        <MemberField disabled={disabled} />
      </Form.Item>
      <Form.Item name="priority" label="Priority">
        <PriorityField />
      </Form.Item>
    </Form>
  );
}

const FILLED = {
  link: { linkedType: "LINKED_TYPE_BOOKING", linkedId: "BKG-123" },
  tags: ["payment", "دفع"],
  franchise: "FR-001",
  member: "mohammed.ops",
  priority: "TICKET_PRIORITY_HIGH",
};

const meta = {
  title: "Ticket create/Fields",
  component: Fields,
  args: { values: {} },
  parameters: { msw: { handlers: { rest: [terms, policies], lookup } } },
} satisfies Meta<typeof Fields>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Empty: Story = {};

export const Filled: Story = { args: { values: FILLED } };

export const Disabled: Story = { args: { values: FILLED, disabled: true } };

export const LongValues: Story = {
  args: {
    values: {
      link: { linkedType: "LINKED_TYPE_DOCUMENT", linkedId: "D".repeat(100) },
      tags: Array.from({ length: 20 }, (_, index) => `tag-${index}-${"x".repeat(42)}`),
      franchise: "F".repeat(100),
      member: "a.very.long.user.id.of.somebody",
    },
  },
};
