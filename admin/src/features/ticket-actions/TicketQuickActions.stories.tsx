import type { Meta, StoryObj } from "@storybook/react-vite";
import { http } from "msw";
import { closedTicket, newTicket, resolvedTicket, sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
import { ALL_ACTIONS, never, offers, owners, refusal, sla, terms, watchers } from "./handlers";
import { TicketQuickActions } from "./TicketQuickActions";

const meta = {
  title: "Ticket actions/TicketQuickActions",
  component: TicketQuickActions,
  args: { ticket: ticketFixture(), layout: "toolbar", onMessage: () => undefined },
  parameters: { msw: { handlers: { offers: offers(), watchers: watchers("asha"), rest: [owners, sla, terms] } } },
} satisfies Meta<typeof TicketQuickActions>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Everything: Story = {};

export const NotWatching: Story = { parameters: { msw: { handlers: { watchers: watchers() } } } };

export const Loading: Story = {
  parameters: { msw: { handlers: { offers: http.get("*/admin/tickets/:id/actions", never), watchers: watchers() } } },
};

export const Failed: Story = {
  parameters: {
    msw: {
      handlers: {
        offers: http.get("*/admin/tickets/:id/actions", () =>
          refusal(404, "TICKET_NOT_FOUND", "There is no such ticket."),
        ),
      },
    },
  },
};

/** A new ticket can be opened or escalated. */
export const OfNew: Story = {
  args: { ticket: newTicket },
  parameters: {
    msw: { handlers: { offers: offers({ transitions: ["TICKET_STATUS_OPEN", "TICKET_STATUS_ESCALATED"] }) } },
  },
};

export const OfResolved: Story = {
  args: { ticket: resolvedTicket },
  parameters: {
    msw: { handlers: { offers: offers({ transitions: ["TICKET_STATUS_REOPENED", "TICKET_STATUS_CLOSED"] }) } },
  },
};

export const OfClosed: Story = {
  args: { ticket: closedTicket },
  parameters: {
    msw: {
      handlers: { offers: offers({ transitions: [], actions: ["TICKET_ACTION_ARCHIVE", "TICKET_ACTION_WATCH"] }) },
    },
  },
};

export const OfArchived: Story = {
  args: { ticket: ticketFixture({ archived: true }) },
  parameters: {
    msw: {
      handlers: { offers: offers({ transitions: [], actions: ["TICKET_ACTION_ARCHIVE", "TICKET_ACTION_WATCH"] }) },
    },
  },
};

export const OfSensitive: Story = { args: { ticket: sensitiveTicket } };

/** Somebody outside may watch, and no more. */
export const ForShipper: Story = {
  parameters: {
    msw: {
      handlers: { offers: offers({ transitions: [], actions: ["TICKET_ACTION_ADD_MESSAGE", "TICKET_ACTION_WATCH"] }) },
    },
  },
};

export const ForAgent: Story = {
  parameters: {
    msw: {
      handlers: {
        offers: offers({
          actions: ALL_ACTIONS.filter((action) => !/ASSIGN|PRIORITY|ARCHIVE|SET_WATCHERS/.test(action)),
        }),
      },
    },
  },
};

export const MenuOfRow: Story = { args: { layout: "menu" } };
