import type { Attachment } from "@/api/schemas";

export function AttachmentChip(_props: { attachment: Attachment }) {
  return null;
}
