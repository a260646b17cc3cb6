import type { Meta, StoryObj } from "@storybook/react-vite";
import { MetadataView } from "./MetadataView";
import "./overview.css";
import "./ticket-detail.css";

const meta = {
  title: "Metadata/MetadataView",
  component: MetadataView,
  decorators: [
    (Story) => (
      <div style={{ maxWidth: 480, padding: 16 }}>
        <Story />
      </div>
    ),
  ],
  args: { metadata: { route: "Pune to Chennai", amount_inr: 48500, paid: false, note: "", checked_at: null } },
} satisfies Meta<typeof MetadataView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Values: Story = {};

export const Nested: Story = {
  args: {
    metadata: {
      party: { name: "Asha Transport", phones: ["+919812345678", "+918012345678"], address: { city: "Pune" } },
      legs: [{ from: "Pune", to: "Solapur" }, { from: "Solapur" }],
    },
  },
};

export const LongText: Story = {
  args: {
    metadata: {
      ["a_name_that_somebody_made_as_long_as_it_may_be_".repeat(3)]: "one line after another\n".repeat(30),
      link: `https://example.com/${"without-a-place-to-break-".repeat(12)}`,
    },
  },
};

export const RightToLeft: Story = {
  args: {
    metadata: { السائق: "محمد عبد الرحمن", מספר: "קבלה 48213", ملاحظة: "لم يصل المبلغ إلى الحساب. ".repeat(12) },
  },
};
