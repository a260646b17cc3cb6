import type { Meta, StoryObj } from "@storybook/react-vite";
import { http } from "msw";
import { expect, fn, screen, userEvent, waitFor } from "storybook/test";
import { escalatedTicket, ticketFixture } from "@/fixtures/tickets";
import { EscalateModal } from "./EscalateModal";
import { never, offers, sla } from "./handlers";

const meta = {
  title: "Ticket actions/EscalateModal",
  component: EscalateModal,
  args: { ticket: ticketFixture(), open: true, onClose: fn() },
  parameters: { msw: { handlers: { offers: offers(), sla } } },
} satisfies Meta<typeof EscalateModal>;

export default meta;
type Story = StoryObj<typeof meta>;

export const WithChain: Story = {};

export const ChainLoads: Story = {
  parameters: { msw: { handlers: { sla: http.get("*/admin/tickets/:id/sla", never) } } },
};

export const ReasonTooShort: Story = {
  async play() {
    const field = await screen.findByLabelText("Reason");
    await waitFor(() => expect(field).toBeVisible());
    await userEvent.type(field, "Waits too long");
    await userEvent.click(screen.getByRole("button", { name: "Escalate" }));
    await screen.findByText("Say why, in 20 characters or more.");
  },
};

/** At the end of its chain: nothing is next. */
export const AtTheEnd: Story = { args: { ticket: escalatedTicket } };

/** Who may not have the SLA explained sees no chain. */
export const WithoutChain: Story = {
  parameters: { msw: { handlers: { offers: offers({ actions: ["TICKET_ACTION_ESCALATE"] }) } } },
};
