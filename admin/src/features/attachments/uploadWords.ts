import { ApiError, messageOf } from "@/api/errors";

const MISMATCHES: Readonly<Record<string, string>> = {
  size: "Not all of the file arrived. Try again.",
  type: "The file arrived under another type than was announced. Try again.",
  checksum: "The file arrived damaged. Try again.",
  content: "The content is not what the file's name says it is. Rename it to what it is, or save it anew.",
};

/** What to tell of an upload or a download that was refused. */
export function fileRefusal(error: unknown): string {
  if (!(error instanceof ApiError)) {
    return messageOf(error);
  }
  switch (error.reason) {
    case "ATTACHMENT_MISMATCH":
      return MISMATCHES[error.metadata.mismatch ?? ""] ?? error.message;
    case "ATTACHMENT_NOT_UPLOADED":
      return "Nothing has arrived in the file store. Try again.";
    case "ATTACHMENT_TYPE_NOT_ALLOWED":
      return "Files of this type are not accepted.";
    case "TOO_MANY_ATTACHMENTS":
      return `There are as many files as there may be (${error.metadata.limit ?? "the limit"}).`;
    case "TICKET_ARCHIVED":
      return "The ticket is archived. Take it out of the archive first.";
    case "DEPENDENCY_UNAVAILABLE":
      return "The file store is away at the moment. Nothing is lost: try again in a while.";
    case "ATTACHMENT_NOT_FOUND":
      return "The file is not there any more, or is not shared with you.";
    case "ATTACHMENT_NOT_READY":
      return "The upload of this file has not been finished.";
    default:
      return error.violations.map(({ description }) => description).join(" ") || error.message;
  }
}
