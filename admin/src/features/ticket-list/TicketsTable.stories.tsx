import type { Meta, StoryObj } from "@storybook/react-vite";
import { useState } from "react";
import { manyTickets, rightToLeftTicket, ticketFixtures } from "@/fixtures/tickets";
import { TicketsTable, type TicketsTableProps } from "./TicketsTable";
import type { TicketOrder } from "./ticketOrders";

const meta = {
  title: "Tickets/TicketsTable",
  component: TicketsTable,
  args: {
    tickets: ticketFixtures,
    selectedIds: new Set(),
    onSelect: () => undefined,
    onOpen: () => undefined,
    order: "created_at desc",
    onOrder: () => undefined,
    withMenu: true,
  },
  render: (args) => <Held {...args} />,
} satisfies Meta<typeof TicketsTable>;
export default meta;

type Story = StoryObj<typeof meta>;

/** Keeps what is chosen, as the page does. */
function Held(args: TicketsTableProps) {
  const [selectedIds, setSelectedIds] = useState(args.selectedIds);
  const [order, setOrder] = useState<TicketOrder | undefined>(args.order);
  return (
    <TicketsTable
      {...args}
      selectedIds={selectedIds}
      onSelect={args.onSelect && setSelectedIds}
      order={order}
      onOrder={setOrder}
    />
  );
}

export const Some: Story = {};

/** Rows of before, while others are on their way. */
export const OthersOnTheirWay: Story = { args: { loading: true } };

export const Selected: Story = { args: { selectedIds: new Set(["TKT-1003", "TKT-1002"]), activeId: "TKT-1003" } };

/** Just replaced, and no longer matching. */
export const Changed: Story = {
  args: { changedIds: new Set(["TKT-1003"]), goneIds: new Set(["TKT-1002", "TKT-1001"]) },
};

export const ReadOnly: Story = { args: { onSelect: undefined, withMenu: false } };

export const Relaxed: Story = { args: { layout: { density: "relaxed", hidden: [] } } };

export const FewColumns: Story = { args: { layout: { density: "compact", hidden: ["linked", "tags", "updated"] } } };

export const RightToLeft: Story = { args: { tickets: [rightToLeftTicket] } };

/** What a search found. */
export const Highlighted: Story = {
  args: {
    order: undefined,
    tickets: ticketFixtures.slice(3, 4),
    highlights: {
      "TKT-1001": {
        titleHighlight: [{ text: "Payment", isMatch: true }, { text: " not received for booking BKG-123" }],
        snippet: [{ text: "The operator says that the " }, { text: "payment", isMatch: true }, { text: " is late." }],
      },
    },
  },
};

/** Only those in sight are drawn. */
export const TenThousand: Story = { args: { tickets: manyTickets(10_000) } };
