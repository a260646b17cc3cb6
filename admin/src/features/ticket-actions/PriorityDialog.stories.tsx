import type { Meta, StoryObj } from "@storybook/react-vite";
import { fn } from "storybook/test";
import { ticketFixture } from "@/fixtures/tickets";
import { policies } from "./handlers";
import { PriorityDialog } from "./PriorityDialog";

const meta = {
  title: "Ticket actions/PriorityDialog",
  component: PriorityDialog,
  args: { ticket: ticketFixture(), open: true, onClose: fn() },
  parameters: { msw: { handlers: { policies } } },
} satisfies Meta<typeof PriorityDialog>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Medium: Story = {};
