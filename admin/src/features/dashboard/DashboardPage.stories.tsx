import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import type { Schemas } from "@/api/schemas";
import { FIXED_NOW } from "@/fixtures/now";
import { emptyStats, statsFixture, tenRoles } from "@/fixtures/stats";
import { DashboardPage } from "./DashboardPage";

const PATH = "*/admin/tickets\\:stats";
const suggestions = http.all("*/admin/tickets\\:suggestTerms", () => HttpResponse.json({}));

const answered = http.post(PATH, async ({ request }) => {
  const { trendDays } = (await request.json()) as Schemas["GetTicketStatsRequest"];
  return HttpResponse.json(statsFixture(trendDays));
});

const meta = {
  component: DashboardPage,
  parameters: {
    now: FIXED_NOW,
    layout: "fullscreen",
    route: "/admin/dashboard",
    msw: { handlers: { stats: answered, suggestions } },
  },
  decorators: [
    (Story) => (
      <div style={{ padding: 16 }}>
        <Story />
      </div>
    ),
  ],
} satisfies Meta<typeof DashboardPage>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Default: Story = {};

export const NinetyDays: Story = { parameters: { route: "/admin/dashboard?days=90" } };

export const TenRoles: Story = {
  parameters: { msw: { handlers: { stats: http.post(PATH, () => HttpResponse.json(tenRoles)), suggestions } } },
};

export const Empty: Story = {
  parameters: { msw: { handlers: { stats: http.post(PATH, () => HttpResponse.json(emptyStats)), suggestions } } },
};

export const Loading: Story = {
  parameters: {
    msw: {
      handlers: {
        stats: http.post(PATH, async () => {
          await delay("infinite");
          return HttpResponse.json({});
        }),
        suggestions,
      },
    },
  },
};

export const Refused: Story = {
  parameters: {
    msw: {
      handlers: {
        stats: http.post(PATH, () =>
          HttpResponse.json({ code: 4, message: "The call took longer than it may." }, { status: 504 }),
        ),
        suggestions,
      },
    },
  },
};
