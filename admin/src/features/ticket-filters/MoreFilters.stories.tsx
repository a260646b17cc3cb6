import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import { hoursFromNow } from "@/fixtures/now";
import { MoreFilters } from "./MoreFilters";

const meta = {
  title: "Tickets/MoreFilters",
  component: MoreFilters,
  args: { value: {}, onChange: () => undefined, open: true, onClose: () => undefined },
  parameters: {
    layout: "fullscreen",
    msw: {
      handlers: { terms: http.get("*/admin/tickets\\:suggestTerms", () => HttpResponse.json({ terms: [] })) },
    },
  },
} satisfies Meta<typeof MoreFilters>;
export default meta;

type Story = StoryObj<typeof meta>;

export const Empty: Story = {};

export const Filled: Story = {
  args: {
    value: {
      text: "payment",
      ownerRoles: ["ROLE_OPS_AGENT", "ROLE_FINANCE"],
      unassigned: true,
      linkedType: "LINKED_TYPE_BOOKING",
      linkedId: "BKG-123",
      franchiseIds: ["FR-001"],
      tagsAny: ["kyc", "دفع"],
      due: { end: hoursFromNow(1) },
      created: { start: hoursFromNow(-200), end: hoursFromNow(-2) },
      archived: true,
      sensitive: true,
    },
  },
};
