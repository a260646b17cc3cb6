import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import type { SlaExplanation } from "@/api/schemas";
import { FIXED_NOW } from "@/fixtures/now";
import {
  breachedExplanation,
  longExplanation,
  metExplanation,
  pausedExplanation,
  runningExplanation,
} from "@/fixtures/sla";
import { SlaExplanationView } from "./SlaExplanationView";

const PATH = "*/admin/tickets/:id/sla";

function answers(explanation: SlaExplanation) {
  return { msw: { handlers: { sla: http.get(PATH, () => HttpResponse.json(explanation)) } } };
}

const meta = {
  component: SlaExplanationView,
  parameters: { now: FIXED_NOW },
  args: { ticketId: "TKT-1001" },
  decorators: [
    (Story) => (
      <div style={{ maxWidth: 720 }}>
        <Story />
      </div>
    ),
  ],
} satisfies Meta<typeof SlaExplanationView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Running: Story = { parameters: answers(runningExplanation) };
export const Breached: Story = { parameters: answers(breachedExplanation) };
export const Paused: Story = { parameters: answers(pausedExplanation) };
export const Met: Story = { parameters: answers(metExplanation) };
/** Half a year of office hours: hundreds of intervals. */
export const ManyIntervals: Story = { parameters: answers(longExplanation) };
export const NoPolicy: Story = { parameters: answers({ ticketId: "TKT-1001", asOf: FIXED_NOW }) };

export const Loading: Story = {
  parameters: {
    msw: {
      handlers: {
        sla: http.get(PATH, async () => {
          await delay("infinite");
          return HttpResponse.json({});
        }),
      },
    },
  },
};

export const Refused: Story = {
  parameters: {
    msw: {
      handlers: {
        sla: http.get(PATH, () =>
          HttpResponse.json({ code: 7, message: "Only staff may have the SLA explained." }, { status: 403 }),
        ),
      },
    },
  },
};
