import type { Meta, StoryObj } from "@storybook/react-vite";
import { fn } from "storybook/test";
import { resolvedTicket } from "@/fixtures/tickets";
import { ReopenDialog } from "./ReopenDialog";

const meta = {
  title: "Ticket actions/ReopenDialog",
  component: ReopenDialog,
  args: { ticket: resolvedTicket, open: true, onClose: fn() },
  parameters: { msw: { handlers: {} } },
} satisfies Meta<typeof ReopenDialog>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Resolved: Story = {};
