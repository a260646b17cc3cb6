import type { Meta, StoryObj } from "@storybook/react-vite";
import { http } from "msw";
import { fn, userEvent, within } from "storybook/test";
import { hoursFromNow } from "@/fixtures/now";
import { ticketFixture } from "@/fixtures/tickets";
import { refusal, stale, ticketNow } from "./handlers";
import { TransitionDialog } from "./TransitionDialog";

const meta = {
  title: "Ticket actions/TransitionDialog",
  component: TransitionDialog,
  args: { ticket: ticketFixture(), status: "TICKET_STATUS_AWAITING_SHIPPER", open: true, onClose: fn() },
} satisfies Meta<typeof TransitionDialog>;

export default meta;
type Story = StoryObj<typeof meta>;

async function confirm() {
  const page = within(document.body);
  await userEvent.click(await page.findByRole("button", { name: "Move" }));
  await page.findByRole("alert");
}

export const Asks: Story = {};

export const Refused: Story = {
  args: { ticket: ticketFixture({ status: "TICKET_STATUS_NEW" }) },
  parameters: {
    msw: {
      handlers: [
        http.post("*/admin/tickets/:id/transition", () =>
          refusal(
            400,
            "TRANSITION_NOT_ALLOWED",
            "A ticket in state NEW cannot become AWAITING_SHIPPER. Allowed: OPEN, ESCALATED.",
            {
              metadata: { current_status: "NEW", allowed_statuses: "OPEN,ESCALATED" },
            },
          ),
        ),
      ],
    },
  },
  play: confirm,
};

/** Somebody was faster: what changed is shown, and it can be confirmed again. */
export const Conflict: Story = {
  parameters: {
    msw: {
      handlers: [
        http.post("*/admin/tickets/:id/transition", stale),
        ticketNow(
          ticketFixture({
            etag: '"5"',
            version: "5",
            status: "TICKET_STATUS_IN_PROGRESS",
            ownerId: "mohammed.ops",
            priority: "TICKET_PRIORITY_HIGH",
            slaDueAt: hoursFromNow(6),
          }),
        ),
      ],
    },
  },
  play: confirm,
};
