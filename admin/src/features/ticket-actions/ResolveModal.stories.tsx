import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, screen, userEvent, waitFor } from "storybook/test";
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

/** Something is written, and Escape was pressed. */
export const AskedBeforeItIsDiscarded: Story = {
  async play() {
    const field = await screen.findByLabelText("How it was solved");
    await waitFor(() => expect(field).toBeVisible());
    await userEvent.type(field, "Paid by NEFT on Monday.");
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(screen.getByRole("button", { name: "Keep editing" })).toHaveFocus());
  },
};

export const SolvedBefore: Story = {
  args: { ticket: { ...resolvedTicket, status: "TICKET_STATUS_REOPENED" } },
};

export const SummaryWithheld: Story = {
  args: { ticket: { ...sensitiveTicket, redactedFields: ["description", "metadata", "resolution_summary"] } },
};
