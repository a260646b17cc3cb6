import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import { useState } from "react";
import { FIXED_NOW, hoursFromNow } from "@/fixtures/now";
import { TicketFilters, type TicketFiltersProps } from "./TicketFilters";

const meta = {
  title: "Tickets/TicketFilters",
  component: TicketFilters,
  args: { value: {}, onChange: () => undefined },
  render: (args) => <Held {...args} />,
  parameters: {
    msw: {
      handlers: {
        terms: http.get("*/admin/tickets\\:suggestTerms", () =>
          HttpResponse.json({ terms: [{ term: "kyc", ticketCount: 40 }] }),
        ),
      },
    },
  },
} satisfies Meta<typeof TicketFilters>;
export default meta;

type Story = StoryObj<typeof meta>;

function Held(args: TicketFiltersProps) {
  const [value, setValue] = useState(args.value);
  return <TicketFilters {...args} value={value} onChange={setValue} />;
}

export const None: Story = {};

export const Quick: Story = {
  args: {
    value: {
      statuses: ["TICKET_STATUS_NEW", "TICKET_STATUS_OPEN"],
      priorities: ["TICKET_PRIORITY_CRITICAL"],
      unassigned: true,
      ownerRoles: ["ROLE_ADMIN"],
    },
  },
};

/** Every field at once, texts as long as they come. */
export const All: Story = {
  args: {
    value: {
      statuses: ["TICKET_STATUS_NEW", "TICKET_STATUS_OPEN", "TICKET_STATUS_ESCALATED", "TICKET_STATUS_REOPENED"],
      priorities: ["TICKET_PRIORITY_HIGH"],
      slaStatuses: ["SLA_STATUS_NEAR_BREACH", "SLA_STATUS_BREACHED"],
      ownerId: "mohammed.ops",
      ownerRoles: ["ROLE_OPS_AGENT", "ROLE_FINANCE"],
      franchiseIds: ["FR-001", "FR-002", "FR-003"],
      linkedType: "LINKED_TYPE_BOOKING",
      linkedId: `BKG-${"9".repeat(60)}`,
      createdById: "noa.shipper",
      tagsAny: ["kyc", "دفع"],
      tagsAll: ["urgent", "police-report"],
      created: { start: hoursFromNow(-200), end: FIXED_NOW },
      updated: { start: hoursFromNow(-20) },
      due: { end: hoursFromNow(1) },
      archived: true,
      sensitive: false,
      text: "payment not received since the bank changed its name and everything else with it",
    },
  },
};
