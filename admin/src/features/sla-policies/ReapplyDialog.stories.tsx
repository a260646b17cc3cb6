import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import type { Schemas } from "@/api/schemas";
import { FIXED_NOW } from "@/fixtures/now";
import { manyTickets } from "@/fixtures/tickets";
import { ReapplyDialog } from "./ReapplyDialog";

const tickets = manyTickets(40);

const meta = {
  component: ReapplyDialog,
  parameters: {
    now: FIXED_NOW,
    msw: {
      handlers: {
        list: http.post("*/admin/tickets\\:list", () => HttpResponse.json({ tickets, totalSize: "40" })),
        bulk: http.post("*/admin/tickets/bulk", async ({ request }) => {
          const { ids = [] } = (await request.json()) as Schemas["BulkUpdateTicketsRequest"];
          return HttpResponse.json({
            results: ids.map((ticketId, index) =>
              index % 13 === 5 ? { ticketId, error: { code: 9, message: "The ticket is archived." } } : { ticketId },
            ),
          });
        }),
      },
    },
  },
  args: { priority: "TICKET_PRIORITY_HIGH", onClose: () => undefined },
} satisfies Meta<typeof ReapplyDialog>;

export default meta;
type Story = StoryObj<typeof meta>;

/** Write a reason of twenty characters, and check what would happen. */
export const Default: Story = {};
