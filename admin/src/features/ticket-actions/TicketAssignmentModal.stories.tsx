import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import { fn } from "storybook/test";
import { memberFixture, suggestionFixture } from "@/fixtures/members";
import { longTicket, newTicket, rightToLeftTicket, ticketFixture } from "@/fixtures/tickets";
import { never, offers, owners, refusal, terms } from "./handlers";
import { TicketAssignmentModal } from "./TicketAssignmentModal";

const meta = {
  title: "Ticket actions/TicketAssignmentModal",
  component: TicketAssignmentModal,
  args: { ticket: ticketFixture(), open: true, onClose: fn() },
  parameters: { msw: { handlers: { owners, rest: [offers(), terms] } } },
} satisfies Meta<typeof TicketAssignmentModal>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Owned: Story = {};

export const InQueue: Story = { args: { ticket: newTicket } };

export const RightToLeft: Story = { args: { ticket: rightToLeftTicket } };

export const LongTexts: Story = { args: { ticket: longTicket } };

export const Loading: Story = {
  parameters: { msw: { handlers: { owners: http.get("*/admin/tickets\\:suggestOwners", never) } } },
};

export const NobodyActive: Story = {
  parameters: {
    msw: { handlers: { owners: http.get("*/admin/tickets\\:suggestOwners", () => HttpResponse.json({})) } },
  },
};

export const SuggestionsFail: Story = {
  parameters: {
    msw: {
      handlers: {
        owners: http.get("*/admin/tickets\\:suggestOwners", () => refusal(503, "DEPENDENCY_UNAVAILABLE", "Try again.")),
      },
    },
  },
};

export const ManyPeople: Story = {
  parameters: {
    msw: {
      handlers: {
        owners: http.get("*/admin/tickets\\:suggestOwners", () =>
          HttpResponse.json({
            suggestions: Array.from({ length: 50 }, (_, index) =>
              suggestionFixture(
                memberFixture({ userId: `agent-${index}`, displayName: `Agent ${index}` }),
                index * 3,
                4,
              ),
            ),
          }),
        ),
      },
    },
  },
};
