import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import { FIXED_NOW } from "@/fixtures/now";
import { calendarFixtures, policyFixtures } from "@/fixtures/sla";
import { SlaPoliciesPage } from "./SlaPoliciesPage";

const policies = http.get("*/admin/sla-policies", () => HttpResponse.json({ slaPolicies: policyFixtures }));
const calendars = http.get("*/admin/calendars", () => HttpResponse.json({ calendars: calendarFixtures }));
const reader = http.get("*/admin/me", () =>
  HttpResponse.json({
    userId: "priya",
    role: "ROLE_OPS_AGENT",
    displayName: "Priya",
    permissions: ["PERMISSION_STAFF"],
  }),
);

const meta = {
  component: SlaPoliciesPage,
  parameters: { now: FIXED_NOW, route: "/admin/sla", msw: { handlers: { policies, calendars } } },
} satisfies Meta<typeof SlaPoliciesPage>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Policies: Story = {};
export const PoliciesReadOnly: Story = { parameters: { msw: { handlers: { policies, calendars, reader } } } };
export const Calendars: Story = { parameters: { route: "/admin/sla?tab=calendars" } };
export const CalendarsReadOnly: Story = {
  parameters: { route: "/admin/sla?tab=calendars", msw: { handlers: { policies, calendars, reader } } },
};

export const NoCalendars: Story = {
  parameters: {
    route: "/admin/sla?tab=calendars",
    msw: { handlers: { policies, calendars: http.get("*/admin/calendars", () => HttpResponse.json({})) } },
  },
};

export const Loading: Story = {
  parameters: {
    msw: {
      handlers: {
        policies: http.get("*/admin/sla-policies", async () => {
          await delay("infinite");
          return HttpResponse.json({});
        }),
        calendars,
      },
    },
  },
};

export const Refused: Story = {
  parameters: {
    msw: {
      handlers: {
        policies: http.get("*/admin/sla-policies", () =>
          HttpResponse.json({ code: 13, message: "Something went wrong on our side." }, { status: 500 }),
        ),
        calendars,
      },
    },
  },
};
