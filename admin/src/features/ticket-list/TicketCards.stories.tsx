import type { Meta, StoryObj } from "@storybook/react-vite";
import { longTicket, ticketFixtures } from "@/fixtures/tickets";
import { TicketCards } from "./TicketCards";

const meta = {
  title: "Tickets/TicketCards",
  component: TicketCards,
  args: {
    tickets: ticketFixtures.slice(0, 6),
    selectedIds: new Set(["TKT-1003"]),
    onSelect: () => undefined,
    onOpen: () => undefined,
    activeId: "TKT-1003",
  },
  decorators: [(Story) => <div style={{ maxWidth: 390 }}>{Story()}</div>],
} satisfies Meta<typeof TicketCards>;
export default meta;

type Story = StoryObj<typeof meta>;

export const Some: Story = {};

export const Long: Story = { args: { tickets: [longTicket] } };

export const OthersOnTheirWay: Story = { args: { loading: true } };

export const Changed: Story = { args: { changedIds: new Set(["TKT-1004"]), goneIds: new Set(["TKT-1002"]) } };
