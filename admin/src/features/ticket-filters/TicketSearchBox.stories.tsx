import type { Meta, StoryObj } from "@storybook/react-vite";
import { useEffect } from "react";
import { listHandlers } from "@/features/ticket-list/listHandlers";
import { TicketSearchBox } from "./TicketSearchBox";

const meta = {
  title: "Tickets/TicketSearchBox",
  component: TicketSearchBox,
  parameters: { msw: { handlers: listHandlers } },
  decorators: [(Story) => <div style={{ display: "flex", minHeight: 360, alignItems: "start" }}>{Story()}</div>],
} satisfies Meta<typeof TicketSearchBox>;
export default meta;

type Story = StoryObj<typeof meta>;

export const Empty: Story = {};

export const Searched: Story = { parameters: { route: "/admin/tickets?q=payment" } };

/** Opens it as somebody does who clicks into it. */
function Opened() {
  useEffect(() => {
    const input = document.querySelector<HTMLInputElement>(".search-box input");
    input?.focus();
    input?.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
  }, []);
  return <TicketSearchBox />;
}

export const Suggestions: Story = {
  parameters: { route: "/admin/tickets?q=payment+booking" },
  render: () => <Opened />,
};

export const TicketNumber: Story = { parameters: { route: "/admin/tickets?q=TKT-1001" }, render: () => <Opened /> };
