import type { Meta, StoryObj } from "@storybook/react-vite";
import { fn } from "storybook/test";
import { sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
import { SensitivityDialog } from "./SensitivityDialog";

const meta = {
  title: "Ticket actions/SensitivityDialog",
  component: SensitivityDialog,
  args: { ticket: ticketFixture(), open: true, onClose: fn() },
  parameters: { msw: { handlers: {} } },
} satisfies Meta<typeof SensitivityDialog>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Marks: Story = {};

export const Clears: Story = { args: { ticket: sensitiveTicket } };
