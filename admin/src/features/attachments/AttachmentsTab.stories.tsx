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

/** Refused before anything of them is sent. */
export const FilesRefused: Story = {
  play: async () => {
    await userEvent.upload(await within(document.body).findByLabelText("Files", { selector: "input" }), [
      new File(["MZ"], "run.exe", { type: "application/x-msdownload" }),
      new File([], "empty.pdf", { type: "application/pdf" }),
      new File(["x"], `${"a-very-long-name-".repeat(12)}.mp4`, { type: "video/mp4" }),
      new File(["x"], "תמונה.bmp", { type: "image/bmp" }),
    ]);
    await within(document.body).findByText(/\.exe files are not accepted/);
  },
};

/** Of a service that is configured to accept other files. */
export const OtherLimits: Story = {
  parameters: {
    msw: {
      handlers: {
        me: http.get("*/admin/me", () =>
          HttpResponse.json({
            userId: "asha",
            role: "ROLE_ADMIN",
            limits: { attachmentMaxBytes: "5368709120", attachmentTypes: ["application/zip", "image/png"] },
          }),
        ),
      },
    },
  },
};

export const AsksForReason: Story = {
  play: async () => {
    await userEvent.click(await within(document.body).findByRole("button", { name: "View names" }));
    await within(document.body).findByRole("dialog");
  },
};
