import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import { userEvent, within } from "storybook/test";
import { never, offers, refusal } from "@/features/ticket-actions/handlers";
import { attachmentFixture, attachmentFixtures } from "@/fixtures/attachments";
import { sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
import { AttachmentsTab } from "./AttachmentsTab";

const list = (attachments: readonly object[]) =>
  http.get("*/admin/tickets/:id/attachments", () => HttpResponse.json({ attachments }));

const meta = {
  title: "Attachments/AttachmentsTab",
  component: AttachmentsTab,
  args: { ticket: ticketFixture() },
  parameters: { msw: { handlers: { offers: offers(), list: list(attachmentFixtures) } } },
} satisfies Meta<typeof AttachmentsTab>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Files: Story = {};

export const Empty: Story = { parameters: { msw: { handlers: { list: list([]) } } } };

export const Loading: Story = {
  parameters: { msw: { handlers: { list: http.get("*/admin/tickets/:id/attachments", never) } } },
};

export const Failed: Story = {
  parameters: {
    msw: {
      handlers: {
        list: http.get("*/admin/tickets/:id/attachments", () => refusal(503, "DEPENDENCY_UNAVAILABLE", "Try again.")),
      },
    },
  },
};

export const Many: Story = {
  parameters: {
    msw: {
      handlers: {
        list: list(
          Array.from({ length: 100 }, (_, index) =>
            attachmentFixture({ id: `file-${index}`, fileName: `slip-${index}.pdf` }),
          ),
        ),
      },
    },
  },
};

export const OfSensitiveTicket: Story = { args: { ticket: sensitiveTicket } };

/** Nothing can be added, as to a ticket in the archive. */
export const Archived: Story = {
  args: { ticket: ticketFixture({ archived: true }) },
  parameters: { msw: { handlers: { offers: offers({ actions: [] }) } } },
};

export const AsksForReason: Story = {
  play: async () => {
    await userEvent.click(await within(document.body).findByRole("button", { name: "View names" }));
    await within(document.body).findByRole("dialog");
  },
};
