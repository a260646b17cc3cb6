import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import { fn, userEvent, within } from "storybook/test";
import { policies, refusal, terms } from "@/features/ticket-actions/handlers";
import { ticketFixtures } from "@/fixtures/tickets";
import { TicketCreateModal } from "./TicketCreateModal";

const about = http.post("*/admin/tickets\\:list", () =>
  HttpResponse.json({ tickets: ticketFixtures.slice(0, 4), totalSize: "7" }),
);

const meta = {
  title: "Ticket create/TicketCreateModal",
  component: TicketCreateModal,
  args: { open: true, onClose: fn() },
  parameters: { msw: { handlers: { rest: [policies, terms], about } } },
} satisfies Meta<typeof TicketCreateModal>;

export default meta;
type Story = StoryObj<typeof meta>;

async function fillIn() {
  const page = within(document.body);
  await userEvent.type(await page.findByLabelText(/^Title/), "Payment not received for BKG-123");
  await userEvent.type(page.getByLabelText(/^Description/), "Nothing has reached the account in three days.");
}

export const Empty: Story = {};

export const Incomplete: Story = {
  play: async () => {
    await userEvent.click(await within(document.body).findByRole("button", { name: "Create the ticket" }));
    await within(document.body).findByText("Say what happened, in 20 characters or more.");
  },
};

function withDraft(draft: object): Story {
  return {
    loaders: [
      () => {
        sessionStorage.setItem("tickets.create-draft.asha", JSON.stringify(draft));
        return {};
      },
    ],
  };
}

/** Something was begun in this tab, about a booking that has open tickets already. */
export const Draft: Story = withDraft({
  title: "Payment not received for BKG-123",
  description: "Nothing has reached the account in three days.",
  priority: "TICKET_PRIORITY_HIGH",
  linkedType: { linkedType: "LINKED_TYPE_BOOKING", linkedId: "BKG-123" },
  tags: ["payment", "دفع"],
});

export const NothingElseAboutIt: Story = {
  ...Draft,
  parameters: {
    msw: { handlers: { about: http.post("*/admin/tickets\\:list", () => HttpResponse.json({ totalSize: "0" })) } },
  },
};

export const Sensitive: Story = withDraft({ title: "KYC papers of a driver", isSensitive: true });

export const LongTexts: Story = withDraft({
  title: "The consignee refuses the goods because the seal was broken. ".repeat(8),
  description: "Every driver on the way has told another story about the seal. ".repeat(60),
  tags: Array.from({ length: 20 }, (_, index) => `tag-${index}-${"long".repeat(6)}`),
});

/** Somebody outside gets neither queues nor the policies. */
export const ForShipper: Story = {
  parameters: {
    msw: {
      handlers: {
        me: http.get("*/admin/me", () => HttpResponse.json({ userId: "noa.shipper", role: "ROLE_SHIPPER" })),
      },
    },
  },
};

/** Files that the service does not accept: told beside each, and not sent. */
export const FilesRefused: Story = {
  play: async () => {
    const page = within(document.body);
    await userEvent.upload(await page.findByLabelText("Files"), [
      new File(["%PDF-1.7"], "slip.pdf", { type: "application/pdf" }),
      new File(["MZ"], "run.exe", { type: "application/x-msdownload" }),
      new File([], "empty.csv", { type: "text/csv" }),
    ]);
    (await page.findByText(/\.exe files are not accepted/)).scrollIntoView({ block: "center" });
  },
};

export const RefusedBesideFields: Story = {
  parameters: {
    msw: {
      handlers: {
        create: http.post("*/admin/tickets", () =>
          refusal(400, "INVALID_REQUEST", "ticket.title: must not be so (and 1 more)", {
            fields: [
              { field: "ticket.title", description: "must not hold control characters" },
              { field: "ticket.linked_id", description: "goes together with linked_type" },
            ],
          }),
        ),
      },
    },
  },
  play: async () => {
    await fillIn();
    await userEvent.click(within(document.body).getByRole("button", { name: "Create the ticket" }));
    await within(document.body).findByText("goes together with the kind of thing");
  },
};

export const Refused: Story = {
  parameters: {
    msw: {
      handlers: { create: http.post("*/admin/tickets", () => refusal(500, "INTERNAL", "Something went wrong.")) },
    },
  },
  play: async () => {
    await fillIn();
    await userEvent.click(within(document.body).getByRole("button", { name: "Create the ticket" }));
    await within(document.body).findByRole("alert");
  },
};
