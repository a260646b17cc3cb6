import type { Meta, StoryObj } from "@storybook/react-vite";
import { fn } from "storybook/test";
import { refusalOf, rulesOf } from "@/features/attachments/fileRules";
import type { Upload } from "@/features/attachments/useUploads";
import { attachmentFixture } from "@/fixtures/attachments";
import { limitsFixture } from "@/fixtures/limits";
import { ComposerFiles } from "./ComposerFiles";

function upload(given: Partial<Upload> = {}): Upload {
  const file = given.file ?? new File(["x".repeat(48_000)], "slip.pdf", { type: "application/pdf" });
  return { key: file.name, file, sensitive: false, state: "done", progress: 1, retryable: true, ...given };
}

function refused(name: string): Upload {
  const file = new File(["x"], name);
  return upload({
    file,
    state: "failed",
    retryable: false,
    error: new Error(refusalOf(file, rulesOf(limitsFixture)) ?? ""),
  });
}

const meta = {
  title: "Ticket detail/ComposerFiles",
  component: ComposerFiles,
  args: {
    again: [],
    uploads: [],
    leftOut: 0,
    most: 20,
    onForget: fn(),
    onCancel: fn(),
    onRetry: fn(),
    onRemove: fn(),
  },
} satisfies Meta<typeof ComposerFiles>;

export default meta;
type Story = StoryObj<typeof meta>;

export const OnTheirWay: Story = {
  args: {
    again: [attachmentFixture({ fileName: "إيصال الدفع.pdf" })],
    uploads: [
      upload(),
      upload({ file: new File(["x"], "photo.png"), state: "sending", progress: 0.4 }),
      upload({
        file: new File(["x"], "b.png"),
        state: "failed",
        error: new Error("The file store cannot be reached."),
      }),
    ],
  },
};

/** What the service does not accept is not sent. */
export const Refused: Story = {
  args: {
    uploads: [refused("run.exe"), refused("תמונה.bmp"), refused(`${"a-very-long-name-".repeat(12)}.mp4`), upload()],
    leftOut: 3,
  },
};
