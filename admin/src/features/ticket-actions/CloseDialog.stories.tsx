import type { Meta, StoryObj } from "@storybook/react-vite";
import { fn } from "storybook/test";
import { resolvedTicket } from "@/fixtures/tickets";
import { CloseDialog } from "./CloseDialog";

const meta = {
  title: "Ticket actions/CloseDialog",
  component: CloseDialog,
  args: { ticket: resolvedTicket, open: true, onClose: fn() },
  parameters: { msw: { handlers: {} } },
} satisfies Meta<typeof CloseDialog>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Resolved: Story = {};
