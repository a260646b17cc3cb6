import type { Meta, StoryObj } from "@storybook/react-vite";
import { attachmentFixture, attachmentFixtures, sensitiveAttachment } from "@/fixtures/attachments";
import { AttachmentChip } from "./AttachmentChip";

const meta = {
  title: "Attachments/AttachmentChip",
  component: AttachmentChip,
  args: { attachment: attachmentFixture() },
} satisfies Meta<typeof AttachmentChip>;

export default meta;
type Story = StoryObj<typeof meta>;

export const File: Story = {};

export const Sensitive: Story = { args: { attachment: sensitiveAttachment } };

export const Row: Story = {
  render: () => (
    <div style={{ display: "flex", flexWrap: "wrap", gap: 6 }}>
      {attachmentFixtures.map((attachment) => (
        <AttachmentChip key={attachment.id} attachment={attachment} />
      ))}
    </div>
  ),
};
