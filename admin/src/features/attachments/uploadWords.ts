import { ApiError, messageOf } from "@/api/errors";

/** What to tell of an upload or a download that was refused. */
export function fileRefusal(error: unknown): string {
  return error instanceof ApiError && error.reason === "DEPENDENCY_UNAVAILABLE"
    ? "The file store is away at the moment. Nothing is lost: try again in a while."
    : messageOf(error);
}
