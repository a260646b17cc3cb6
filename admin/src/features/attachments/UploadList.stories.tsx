import type { Meta, StoryObj } from "@storybook/react-vite";
import { fn } from "storybook/test";
import { TransferError } from "./putFile";
import { UploadList } from "./UploadList";
import type { Upload, UploadState } from "./useUploads";

function upload(state: UploadState, given: Partial<Upload> = {}): Upload {
  return {
    key: state + JSON.stringify(given),
    file: new File(["x".repeat(48_000)], "proof-of-delivery.pdf", { type: "application/pdf" }),
    sensitive: false,
    state,
    progress: 0,
    retryable: true,
    ...given,
  };
}

const meta = {
  title: "Attachments/UploadList",
  component: UploadList,
  args: { uploads: [], cancel: fn(), retry: fn(), remove: fn() },
} satisfies Meta<typeof UploadList>;

export default meta;
type Story = StoryObj<typeof meta>;

export const EveryState: Story = {
  args: {
    uploads: [
      upload("hashing"),
      upload("announcing"),
      upload("sending", { progress: 0.42, sensitive: true }),
      upload("checking", { progress: 1 }),
      upload("waiting", { file: new File(["x"], "محمد - إيصال.csv", { type: "text/csv" }) }),
      upload("done", { progress: 1 }),
      upload("cancelled", { progress: 0.2 }),
      upload("failed", { error: new TransferError(0, "The file store cannot be reached from this page.") }),
      upload("failed", {
        file: new File(["x"], `${"a-very-long-name-".repeat(12)}.exe`),
        error: new Error("What kind of file this is cannot be told."),
        retryable: false,
      }),
    ],
  },
};

export const Nothing: Story = {};
