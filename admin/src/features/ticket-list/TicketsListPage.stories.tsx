import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import { userEvent, within } from "storybook/test";
import { manyTickets, ticketFixtures } from "@/fixtures/tickets";
import { listAnswers, listHandlers, listIsSlow, listRefuses } from "./listHandlers";
import { TicketsListPage } from "./TicketsListPage";

const meta = {
  title: "Tickets/TicketsListPage",
  component: TicketsListPage,
  parameters: {
    layout: "fullscreen",
    route: "/admin/tickets",
    routePath: "/admin/tickets/:ticketId?",
    msw: { handlers: listHandlers },
  },
  decorators: [(Story) => <div style={{ padding: 16 }}>{Story()}</div>],
} satisfies Meta<typeof TicketsListPage>;
export default meta;

type Story = StoryObj<typeof meta>;

/** One ticket of each kind. */
export const Some: Story = {};

export const Loading: Story = { parameters: { msw: { handlers: { ...listHandlers, list: listIsSlow } } } };

export const Empty: Story = {
  parameters: { msw: { handlers: { ...listHandlers, list: listAnswers([], { totalSize: "0" }) } } },
};

export const NothingMatches: Story = {
  parameters: {
    route: "/admin/tickets?status=escalated&priority=low&tag=kyc",
    msw: { handlers: { ...listHandlers, list: listAnswers([], { totalSize: "0" }) } },
  },
};

/** Nothing is wrong with a view that everybody has. */
export const NothingIsMine: Story = {
  parameters: Empty.parameters ?? {},
  async play({ canvasElement }) {
    await userEvent.click(await within(canvasElement).findByRole("link", { name: "My open tickets" }));
    await within(canvasElement).findByText("Nothing is open for you");
  },
};

export const Refused: Story = { parameters: { msw: { handlers: { ...listHandlers, list: listRefuses } } } };

/** More than are counted, on pages. */
export const ManyPages: Story = {
  parameters: {
    msw: {
      handlers: {
        ...listHandlers,
        list: listAnswers(manyTickets(400), { totalSize: "10000", totalSizeCapped: true }),
      },
    },
  },
};

export const Filtered: Story = {
  parameters: {
    route:
      "/admin/tickets?status=new,open,in_progress&priority=high&sla=near_breach&owner=me&tag=kyc&tag=payment" +
      "&linked=booking&linked_id=BKG-123&due_to=2026-11-23T06:00:00Z&sort=due",
  },
};

/** Ranked, with what was found. */
export const Found: Story = { parameters: { route: "/admin/tickets?q=payment+booking" } };

/** A link of another version, or a slip of the pen. */
export const AddressNotUnderstood: Story = { parameters: { route: "/admin/tickets?status=opne,new&sort=name" } };

/** Everything as long as it may be, names from right to left among it. */
export const Long: Story = {
  parameters: {
    msw: {
      handlers: {
        ...listHandlers,
        list: listAnswers(ticketFixtures.slice(-1), { totalSize: "1" }),
        members: http.get("*/admin/members\\:lookup", ({ request }) =>
          HttpResponse.json({
            members: new URL(request.url).searchParams.getAll("userIds").map((userId) => ({
              userId,
              displayName: "محمد عبد الرحمن بن خالد",
              role: "ROLE_OPS_AGENT",
              active: true,
            })),
          }),
        ),
      },
    },
  },
};

/** What an outside role sees: no saved views, no exports, nothing to select. */
export const Outside: Story = {
  parameters: {
    msw: {
      handlers: {
        ...listHandlers,
        me: http.get("*/admin/me", () =>
          HttpResponse.json({ userId: "noa.shipper", role: "ROLE_SHIPPER", displayName: "נועה", permissions: [] }),
        ),
      },
    },
  },
};
