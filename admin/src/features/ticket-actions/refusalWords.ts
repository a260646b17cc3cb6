import { ApiError } from "@/api/errors";
import { STATUSES, wordOf } from "@/vocabulary/tickets";

/** What a refusal of a change means, where the server's own words can be put plainer; else undefined. */
export function refusalWords(error: unknown): string | undefined {
  if (!(error instanceof ApiError)) {
    return undefined;
  }
  const { reason, metadata } = error;
  switch (reason) {
    case "TRANSITION_NOT_ALLOWED": {
      const now = statusWord(metadata.current_status);
      const allowed = (metadata.allowed_statuses ?? "").split(",").filter(Boolean).map(statusWord);
      return allowed.length > 0
        ? `The ticket is ${now}. From there it can be moved to ${listed(allowed)}.`
        : `The ticket is ${now}, and cannot be moved any more.`;
    }
    case "FINANCE_ONLY":
      return "It is about a payment: only finance may do this.";
    case "TICKET_ARCHIVED":
      return "The ticket is archived. Take it out of the archive first.";
    case "TICKET_CLOSED":
      return "The ticket is closed, and does not change any more.";
    case "ESCALATION_CHAIN_EXHAUSTED":
      return "The ticket is at the end of its escalation chain: there is no role above.";
    case "OWNER_NOT_ELIGIBLE":
      return "This person cannot own the ticket: they are inactive, or have another role.";
    case "RESOLUTION_SUMMARY_REQUIRED":
      return "Say how it was solved.";
    case "ACTION_NOT_ALLOWED":
      return "Your role does not permit this.";
    case "TICKET_NOT_FOUND":
      return "The ticket is not there, or you may not see it any more.";
    case "REQUEST_ID_REUSED":
      return "An earlier attempt has been carried out, with other values. Look at the ticket before you try again.";
    default:
      return undefined;
  }
}

function statusWord(name: string | undefined): string {
  return wordOf(STATUSES, `TICKET_STATUS_${name ?? "UNSPECIFIED"}`).label;
}

/** "A", "A or B", "A, B or C". */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
