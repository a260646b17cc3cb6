import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import { fn, screen, userEvent } from "storybook/test";
import type { ExportJob } from "@/api/schemas";
import { cancelledExport, completedExport, exportFixture, failedExport, pendingExport } from "@/fixtures/exports";
import { ExportDialog } from "./ExportDialog";

const count = http.post("*/admin/tickets\\:list", () => HttpResponse.json({ totalSize: "1284" }));
const create = http.post("*/admin/tickets/export", () => HttpResponse.json(exportFixture()));
const job = (as: ExportJob) =>
  http.get("*/admin/exports/:id", () => HttpResponse.json({ ...as, id: exportFixture().id }));

const meta = {
  title: "Exports/ExportDialog",
  component: ExportDialog,
  args: {
    filter: { statuses: ["TICKET_STATUS_OPEN", "TICKET_STATUS_NEW"], tagsAny: ["payment"], text: "bank transfer" },
    open: true,
    onClose: fn(),
  },
  parameters: { msw: { handlers: { count, create, job: job(exportFixture()) } } },
} satisfies Meta<typeof ExportDialog>;
export default meta;

type Story = StoryObj<typeof meta>;

const started: Story["play"] = async () => {
  await userEvent.click(await screen.findByRole("button", { name: "Export" }));
  await screen.findByRole("button", { name: /Close|background/ });
};

export const Choice: Story = {};

export const WithoutFilter: Story = {
  args: { filter: {} },
  parameters: {
    msw: {
      handlers: {
        count: http.post("*/admin/tickets\\:list", () =>
          HttpResponse.json({ totalSize: "10000", totalSizeCapped: true }),
        ),
      },
    },
  },
};

export const Counting: Story = {
  parameters: { msw: { handlers: { count: http.post("*/admin/tickets\\:list", () => delay("infinite")) } } },
};

export const Waiting: Story = { parameters: { msw: { handlers: { job: job(pendingExport) } } }, play: started };

export const Writing: Story = { play: started };

export const Ready: Story = { parameters: { msw: { handlers: { job: job(completedExport) } } }, play: started };

export const Failed: Story = { parameters: { msw: { handlers: { job: job(failedExport) } } }, play: started };

export const Cancelled: Story = { parameters: { msw: { handlers: { job: job(cancelledExport) } } }, play: started };

export const Refused: Story = {
  parameters: {
    msw: {
      handlers: {
        create: http.post("*/admin/tickets/export", () =>
          HttpResponse.json({ code: 8, message: "You have 5 exports under way; wait for one." }, { status: 429 }),
        ),
      },
    },
  },
  play: async () => {
    await userEvent.click(await screen.findByRole("button", { name: "Export" }));
    await screen.findByRole("alert");
  },
};
