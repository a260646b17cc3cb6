import type { Meta, StoryObj } from "@storybook/react-vite";
import { http } from "msw";
import { fn, userEvent, within } from "storybook/test";
import { bareTicket, longTicket, rightToLeftTicket, sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
import { ALL_ACTIONS, offers, refusal, stale, terms, ticketNow } from "./handlers";
import { TicketEditForm } from "./TicketEditForm";

const ticket = ticketFixture({ metadata: { amount_inr: 48500, route: "Pune to Chennai" } });

const meta = {
  title: "Ticket actions/TicketEditForm",
  component: TicketEditForm,
  args: { ticket, onDone: fn() },
  parameters: { msw: { handlers: { offers: offers(), terms } } },
} satisfies Meta<typeof TicketEditForm>;

export default meta;
type Story = StoryObj<typeof meta>;

async function save() {
  const page = within(document.body);
  await userEvent.type(await page.findByLabelText(/^Title/), " again");
  await userEvent.click(page.getByRole("button", { name: "Save" }));
}

export const Filled: Story = {};

export const Bare: Story = { args: { ticket: bareTicket } };

export const RightToLeft: Story = { args: { ticket: rightToLeftTicket } };

export const LongTexts: Story = { args: { ticket: longTicket } };

/** Protected fields that are withheld cannot be edited blindly. */
export const Withheld: Story = { args: { ticket: sensitiveTicket } };

export const LinkNotOffered: Story = {
  parameters: {
    msw: {
      handlers: { offers: offers({ actions: ALL_ACTIONS.filter((each) => each !== "TICKET_ACTION_CHANGE_LINK") }) },
    },
  },
};

export const RefusedBesideFields: Story = {
  parameters: {
    msw: {
      handlers: {
        patch: http.patch("*/admin/tickets/:id", () =>
          refusal(400, "INVALID_REQUEST", "ticket.title: must not be so (and 1 more)", {
            fields: [
              { field: "ticket.title", description: "must not hold control characters" },
              { field: "ticket.linked_id", description: "must be 1 to 100 visible ASCII characters" },
            ],
          }),
        ),
      },
    },
  },
  play: async () => {
    await save();
    await within(document.body).findByText("must not hold control characters");
  },
};

export const Refused: Story = {
  parameters: {
    msw: {
      handlers: {
        patch: http.patch("*/admin/tickets/:id", () => refusal(400, "TICKET_CLOSED", "The ticket is closed.")),
      },
    },
  },
  play: async () => {
    await save();
    await within(document.body).findByRole("alert");
  },
};

export const Conflict: Story = {
  parameters: {
    msw: {
      handlers: {
        patch: http.patch("*/admin/tickets/:id", stale),
        fresh: ticketNow({ ...ticket, title: "Payment not received: wrong account", etag: '"5"', version: "5" }),
      },
    },
  },
  play: async () => {
    await save();
    await within(document.body).findByText("Somebody else changed the ticket meanwhile");
  },
};
