import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import { userEvent, within } from "storybook/test";
import { FIXED_NOW } from "@/fixtures/now";
import { calendarFixtures, policyFixture } from "@/fixtures/sla";
import { PolicyEditor } from "./PolicyEditor";

const PATH = "*/admin/sla-policies/:priority";

const meta = {
  component: PolicyEditor,
  parameters: { now: FIXED_NOW },
  args: { policy: policyFixture(), calendars: calendarFixtures, onClose: () => undefined, onSaved: () => undefined },
} satisfies Meta<typeof PolicyEditor>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Editing: Story = {};

export const OfficeHoursAndAllRoles: Story = {
  args: {
    policy: policyFixture({
      calendarId: "chennai-office",
      escalationChain: [
        "ROLE_FRANCHISE_AGENT",
        "ROLE_OPS_AGENT",
        "ROLE_OPS_MANAGER",
        "ROLE_REGIONAL_MANAGER",
        "ROLE_HQ_SUPPORT",
        "ROLE_CEO_ONCALL",
        "ROLE_ADMIN",
        "ROLE_FINANCE",
        "ROLE_COMPLIANCE_OFFICER",
      ],
    }),
  },
};

/** No durations: one is too long, one is no number. */
export const NoDurations: Story = {
  play: async () => {
    const page = within(document.body);
    await userEvent.type(await page.findByRole("textbox", { name: "Resolution, days" }), "000");
    await userEvent.type(page.getByRole("textbox", { name: "Next escalation after, hours" }), ".5");
    await page.findByText("365 days at the most.");
    await page.findByText("Write whole numbers.");
  },
};

/** Saving is refused for two fields. */
export const Refused: Story = {
  args: { policy: policyFixture({ responseTimeMinutes: 90 }) },
  parameters: {
    msw: {
      handlers: {
        save: http.patch(PATH, () =>
          HttpResponse.json(
            {
              code: 3,
              message: "The request is not valid.",
              details: [
                {
                  "@type": "type.googleapis.com/google.rpc.BadRequest",
                  fieldViolations: [
                    { field: "sla_policy.escalation_chain[1]", description: "names a role for the second time" },
                    { field: "sla_policy.calendar_id", description: "calendar chennai-office is not open long enough" },
                  ],
                },
              ],
            },
            { status: 400 },
          ),
        ),
      },
    },
  },
  play: async ({ canvasElement }) => {
    press(canvasElement, "Move Ops manager down");
    press(canvasElement, "Save as version 4");
  },
};

/** Somebody else made a version that differs in the chain; both changed it. */
export const Conflict: Story = {
  parameters: {
    msw: {
      handlers: {
        list: http.get("*/admin/sla-policies", () =>
          HttpResponse.json({
            slaPolicies: [
              policyFixture({
                version: "4",
                etag: '"4"',
                resolutionTimeMinutes: 960,
                escalationChain: ["ROLE_OPS_MANAGER", "ROLE_CEO_ONCALL"],
              }),
            ],
          }),
        ),
        save: http.patch(PATH, () => HttpResponse.json({ code: 10, message: "It has changed." }, { status: 412 })),
      },
    },
  },
  play: Refused.play,
};

/** Drawers stand outside the story's element. */
function press(canvas: HTMLElement, name: string): void {
  const buttons = [...canvas.ownerDocument.querySelectorAll<HTMLButtonElement>("button")];
  buttons.find((button) => (button.getAttribute("aria-label") ?? button.textContent) === name)?.click();
}
