import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import { fn, screen, userEvent, within } from "storybook/test";
import type { BulkResult, Schemas } from "@/api/schemas";
import { BulkActionBar } from "./BulkActionBar";

const FAILURES: readonly Schemas["BulkError"][] = [
  {
    code: 9,
    reason: "ERROR_REASON_TRANSITION_NOT_ALLOWED",
    message: "A ticket in state AWAITING_FINANCE cannot become CLOSED. Allowed: IN_PROGRESS, ESCALATED, RESOLVED.",
    metadata: { current_status: "AWAITING_FINANCE", allowed_statuses: "IN_PROGRESS,ESCALATED,RESOLVED" },
  },
  {
    code: 7,
    reason: "ERROR_REASON_FINANCE_ONLY",
    message: "A ticket linked to a payment is resolved by finance only.",
  },
  { code: 5, reason: "ERROR_REASON_TICKET_NOT_FOUND", message: "Ticket TKT-1012 was not found." },
];
const FILTER = { statuses: ["TICKET_STATUS_OPEN" as const], tagsAny: ["kyc"] };

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `TKT-${1001 + index}`);

/** Every `nth` ticket fails, for each reason in turn. */
function resultsOf(ids: readonly string[], nth: number): BulkResult[] {
  return ids.map((ticketId, index) => {
    const error = nth > 0 && index % nth === nth - 1 ? FAILURES[Math.floor(index / nth) % FAILURES.length] : undefined;
    return error ? { ticketId, error } : { ticketId, status: "TICKET_STATUS_IN_PROGRESS" };
  });
}

const count = (totalSize: number, totalSizeCapped = false) =>
  http.post("*/admin/tickets\\:list", () => HttpResponse.json({ totalSize: String(totalSize), totalSizeCapped }));

const bulk = (nthFails: number) =>
  http.post("*/admin/tickets/bulk", async ({ request }) => {
    const { ids = idsOf(40) } = (await request.json()) as Schemas["BulkUpdateTicketsRequest"];
    return HttpResponse.json({ results: resultsOf(ids, nthFails) });
  });

const members = http.get("*/admin/members\\:lookup", () =>
  HttpResponse.json({
    members: [
      { userId: "mohammed", displayName: "محمد عبد الرحمن", role: "ROLE_OPS_AGENT", active: true },
      { userId: "noa", displayName: "נועה", role: "ROLE_OPS_AGENT", active: true },
    ],
  }),
);

const meta = {
  title: "Bulk/BulkActionBar",
  component: BulkActionBar,
  args: { selectedIds: idsOf(12), filter: FILTER, onClear: fn(), onSelect: fn() },
  parameters: { msw: { handlers: { count: count(340), bulk: bulk(4), members } } },
} satisfies Meta<typeof BulkActionBar>;
export default meta;

type Story = StoryObj<typeof meta>;

export const Selected: Story = {};

export const WithoutFilter: Story = { args: { filter: {} } };

/** More than 500 match: refused, and said so. */
export const TooManyMatch: Story = { parameters: { msw: { handlers: { count: count(10_000, true) } } } };

export const TooManySelected: Story = { args: { selectedIds: idsOf(620) } };

export const AllThatMatch: Story = {
  async play({ canvasElement }) {
    await userEvent.click(await within(canvasElement).findByRole("button", { name: /Select all 340/ }));
  },
};

const open =
  (name: RegExp): Story["play"] =>
  async ({ canvasElement }) => {
    await userEvent.click(await within(canvasElement).findByRole("button", { name }));
    await screen.findByRole("dialog");
  };

export const Assigning: Story = { play: open(/Assign/) };

export const Resolving: Story = {
  async play(context) {
    await open(/Status/)?.(context);
    await userEvent.click(await screen.findByRole("combobox", { name: "New status" }));
    await userEvent.click(await screen.findByTitle("Resolved"));
  },
};

export const Tagging: Story = { play: open(/Tags/) };

async function check() {
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByLabelText("Reason"), "They wait for the new bank details");
  await userEvent.click(dialog.getByRole("button", { name: "Check what would happen" }));
}

/** By the menu, which is there on a phone too. */
async function reapply(canvasElement: HTMLElement) {
  await userEvent.click(await within(canvasElement).findByRole("button", { name: "More bulk changes" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Re-apply SLA policy" }));
  await screen.findByRole("dialog");
}

const toTheCheck: Story["play"] = async ({ canvasElement }) => {
  await reapply(canvasElement);
  await check();
  await screen.findByText(/would be changed/);
};

export const Checked: Story = { play: toTheCheck };

export const CheckedFiveHundred: Story = {
  args: { selectedIds: idsOf(500) },
  parameters: { msw: { handlers: { count: count(500), bulk: bulk(3) } } },
  play: toTheCheck,
};

export const NothingWouldChange: Story = {
  parameters: { msw: { handlers: { bulk: bulk(1) } } },
  play: toTheCheck,
};

export const CheckRefused: Story = {
  parameters: {
    msw: {
      handlers: {
        bulk: http.post("*/admin/tickets/bulk", () =>
          HttpResponse.json(
            {
              code: 3,
              message: "The request is not valid.",
              details: [
                {
                  "@type": "type.googleapis.com/google.rpc.BadRequest",
                  fieldViolations: [{ field: "reason", description: "must have 20 characters that are no blanks" }],
                },
              ],
            },
            { status: 400 },
          ),
        ),
      },
    },
  },
  async play({ canvasElement }) {
    await reapply(canvasElement);
    await check();
    await screen.findByText(/no blanks/);
  },
};

/** The second call, the change itself, is answered so. */
function run(answer: () => Promise<Response> | Response) {
  return http.post("*/admin/tickets/bulk", async ({ request }) => {
    const { ids = [], validateOnly } = (await request.json()) as Schemas["BulkUpdateTicketsRequest"];
    return validateOnly ? HttpResponse.json({ results: resultsOf(ids, 4) }) : answer();
  });
}

const toTheRun: Story["play"] = async (context) => {
  await toTheCheck(context);
  await userEvent.click(await screen.findByRole("button", { name: /^Re-apply SLA policy: / }));
};

export const Running: Story = {
  parameters: {
    msw: {
      handlers: {
        bulk: run(async () => {
          await delay("infinite");
          return new HttpResponse();
        }),
      },
    },
  },
  play: toTheRun,
};

export const Results: Story = {
  async play(context) {
    await toTheRun(context);
    await screen.findByRole("button", { name: "Done" });
  },
};

export const RunRefused: Story = {
  parameters: {
    msw: {
      handlers: {
        bulk: run(() =>
          HttpResponse.json({ code: 7, message: "You may not change tickets in bulk." }, { status: 403 }),
        ),
      },
    },
  },
  async play(context) {
    await toTheRun(context);
    await screen.findByText(/You may not change/);
  },
};

export const ClosedWithResults: Story = {
  async play(context) {
    await toTheRun(context);
    await screen.findByRole("button", { name: "Done" });
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    await screen.findByText(/Last change/);
  },
};
