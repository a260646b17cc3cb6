import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import { userEvent, within } from "storybook/test";
import { AccessReason } from "@/api/accessReason";
import { never, offers, refusal } from "@/features/ticket-actions/handlers";
import { attachmentFixture, attachmentFixtures, pictureAttachment, sensitivePicture } from "@/fixtures/attachments";
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

/** A photo as a phone takes it, upright. */
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="800"><rect width="600" height="800"
  fill="#6b7f99"/><rect x="90" y="260" width="420" height="260" fill="#d9cfae"/><text x="300" y="400"
  font-size="44" text-anchor="middle" fill="#333">Seal 48 213</text></svg>`;

const picture = {
  list: list([pictureAttachment, sensitivePicture]),
  names: http.post("*/admin/tickets/:id/attachments\\:view", () =>
    HttpResponse.json({
      attachments: [pictureAttachment, { ...sensitivePicture, fileName: "cheque-of-BKG-340.jpg", redacted: false }],
    }),
  ),
  download: http.all("*/admin/attachments/:id/download", () =>
    HttpResponse.json({ download: { method: "GET", url: `${location.origin}/store/picture` } }),
  ),
  bytes: http.get("*/store/picture", () =>
    HttpResponse.text(PICTURE, { headers: { "Content-Type": "image/svg+xml" } }),
  ),
};

async function show(name: string) {
  await userEvent.click(await within(document.body).findByRole("button", { name: `Show preview of ${name}` }));
}

export const Preview: Story = {
  parameters: { msw: { handlers: picture } },
  play: async () => {
    await show("seal-broken.jpg");
    await within(document.body).findByRole("img", { name: "seal-broken.jpg" });
  },
};

/** A reason was given for the ticket: the picture is fetched at the click, and each time. */
export const SensitivePreview: Story = {
  args: { ticket: sensitiveTicket },
  decorators: [
    (StoryOfFile) => (
      <AccessReason value="The bank asks for the cheque of this booking">
        <StoryOfFile />
      </AccessReason>
    ),
  ],
  parameters: { msw: { handlers: picture } },
  play: async () => {
    await show("cheque-of-BKG-340.jpg");
    await within(document.body).findByRole("img", { name: "cheque-of-BKG-340.jpg" });
  },
};

/** No reason was given yet. */
export const SensitivePreviewAsks: Story = {
  args: { ticket: sensitiveTicket },
  parameters: { msw: { handlers: picture } },
  play: async () => {
    await show("Name withheld");
    await within(document.body).findByRole("dialog");
  },
};

export const PreviewRefused: Story = {
  parameters: {
    msw: {
      handlers: {
        ...picture,
        download: http.all("*/admin/attachments/:id/download", () =>
          refusal(503, "DEPENDENCY_UNAVAILABLE", "The file store is not available. Try again."),
        ),
      },
    },
  },
  play: async () => {
    await show("seal-broken.jpg");
    await within(document.body).findByText(/The file store is away/);
  },
};
