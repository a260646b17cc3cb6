import type { Meta, StoryObj } from "@storybook/react-vite";
import { fn } from "storybook/test";
import { resolvedTicket, sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
import { ResolveModal } from "./ResolveModal";

const meta = {
  title: "Ticket actions/ResolveModal",
  component: ResolveModal,
  args: { ticket: ticketFixture(), open: true, onClose: fn() },
  parameters: { msw: { handlers: {} } },
} satisfies Meta<typeof ResolveModal>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Empty: Story = {};

export const SolvedBefore: Story = {
  args: { ticket: { ...resolvedTicket, status: "TICKET_STATUS_REOPENED" } },
};

export const SummaryWithheld: Story = {
  args: { ticket: { ...sensitiveTicket, redactedFields: ["description", "metadata", "resolution_summary"] } },
};
