/** What a refusal means, in the words of the page: the contract's own texts are for engineers. */
import type { Schemas } from "@/api/schemas";
import { fieldWords, inWords } from "./contractWords";
import { STATUSES, wordOf } from "./tickets";

type NameOf<Value extends string> = Value extends `ERROR_REASON_${infer Name}` ? Exclude<Name, "UNSPECIFIED"> : never;

/** A reason of the contract, without its prefix. */
export type Reason = NameOf<Schemas["ErrorReason"]>;

export type Refused = {
  reason: string;
  /** As the contract's ErrorReason says of each reason; may be empty. */
  metadata?: Readonly<Record<string, string>>;
  /** The server's own text. */
  message: string;
  /** Fields that are wrong. */
  violations?: readonly { field: string; description: string }[];
};

type Words = string | ((refused: Refused) => string);

const REFUSALS: Readonly<Record<Reason, Words>> = {
  INVALID_REQUEST: ofFields,
  PAGE_TOKEN_INVALID: "This list cannot be gone on with from here. Load it anew.",
  CURSOR_INVALID: "The live view has lost its place. Load the page anew.",
  UPDATE_MASK_INVALID: "This cannot be changed here.",
  REASON_REQUIRED: "Say why, in 20 to 2000 characters.",
  ACCESS_REASON_INVALID: "Say why you need it, in 20 to 500 characters.",
  TOKEN_MISSING: "You are not logged in.",
  TOKEN_INVALID: "Your login is not accepted. Log in again.",
  TOKEN_EXPIRED: "Your login has ended. Log in again.",
  // It says whom it takes.
  ACTION_NOT_ALLOWED: ({ message }) => inWords(message) || "You may not do this.",
  FINANCE_ONLY: "It is about a payment: only finance may do this.",
  TICKET_NOT_FOUND: "The ticket is not there, or you may not see it any more.",
  ATTACHMENT_NOT_FOUND: "The file is not there any more, or is not shared with you.",
  EXPORT_JOB_NOT_FOUND: "The export is not there any more.",
  SLA_POLICY_NOT_FOUND: "There is no SLA policy for this priority.",
  CALENDAR_NOT_FOUND: "The calendar is not there any more.",
  MEMBER_NOT_FOUND: "This person is not in the directory.",
  SAVED_VIEW_NOT_FOUND: "The view is not there any more, or is no longer shared with you.",
  WEBHOOK_NOT_FOUND: "The webhook is not there any more.",
  WEBHOOK_DELIVERY_NOT_FOUND: "This delivery is no longer kept.",
  TRANSITION_NOT_ALLOWED: ofTransition,
  RESOLUTION_SUMMARY_REQUIRED: "A summary is needed: say how it was solved.",
  TICKET_ARCHIVED: "The ticket is archived. Take it out of the archive first.",
  TICKET_CLOSED: "The ticket is closed, and does not change any more.",
  ESCALATION_CHAIN_EXHAUSTED: "The ticket is at the end of its escalation chain: there is no role above.",
  OWNER_NOT_ELIGIBLE: "This person cannot own the ticket: they are unknown or inactive, or have another role.",
  BULK_TOO_LARGE: "More than 500 tickets match. Narrow the filter.",
  ATTACHMENT_NOT_READY: "The upload of this file has not been finished.",
  ATTACHMENT_NOT_UPLOADED: "Nothing has arrived in the file store. Try again.",
  ATTACHMENT_MISMATCH: ofMismatch,
  EXPORT_JOB_FINISHED: "The export has ended by now, and cannot be cancelled any more.",
  ATTACHMENT_TYPE_NOT_ALLOWED: "Files of this type are not accepted.",
  ACCESS_REASON_REQUIRED: "The file is sensitive: say why you need it.",
  TOO_MANY_WEBHOOKS: ({ metadata }) => `There are ${most(metadata)} webhooks. Delete one first.`,
  TOO_MANY_ATTACHMENTS: ({ metadata }) => `There are ${most(metadata)} files on the ticket or on their way.`,
  TOO_MANY_EXPORT_JOBS: ({ metadata }) =>
    `You have ${most(metadata)} exports under way. Wait for one to end, or cancel one.`,
  SESSION_CHANGED: "Somebody else is logged in in this browser by now. Nothing was done.",
  ETAG_MISMATCH: "Somebody else has changed it meanwhile. Look at it again.",
  CONFLICT: "Others changed it at the same time. Try again.",
  REQUEST_IN_PROGRESS: "This is still being done. Try again in a moment.",
  REQUEST_ID_REUSED:
    "An earlier attempt has been carried out, with other values. Look at what is there before you try again.",
  SAVED_VIEW_NAME_TAKEN: "You have a view of this name already.",
  CALENDAR_EXISTS: "There is a calendar of this id.",
  MEMBER_EXISTS: "This person is in the directory already.",
  CURSOR_EXPIRED: "What has happened since is no longer kept. Load the page anew.",
  RATE_LIMITED: ({ metadata }) => `That was too much at once. Try again ${later(metadata)}.`,
  SLOW_CONSUMER: "This browser did not keep up with what is new. It goes on from where it was.",
  TOO_MANY_STREAMS: "Too many of your pages are live. Close some of them.",
  SHUTTING_DOWN: "The service is being restarted. Try again in a moment.",
  DEPENDENCY_UNAVAILABLE: "The service cannot do this at the moment. Try again in a while.",
  DEADLINE_EXCEEDED: "The service took too long. Try again: a change is not made twice.",
  CANCELLED: "It was given up before there was an answer. Try again.",
  INTERNAL: "Something is wrong in the service. Try again; if it stays so, report it.",
  UNIMPLEMENTED: "This service does not offer that.",
};

/** In a sentence or two. A reason that this build does not know is told as the server says it. */
export function refusalWords(refused: Refused): string {
  const words: Words | undefined = isReason(refused.reason) ? REFUSALS[refused.reason] : undefined;
  if (words === undefined) {
    return ofFields(refused);
  }
  return typeof words === "string" ? words : words(refused);
}

function isReason(name: string): name is Reason {
  return Object.hasOwn(REFUSALS, name);
}

function ofFields({ violations = [], message }: Refused): string {
  if (violations.length > 0) {
    return violations.map(violationWords).join(" ");
  }
  // One ticket's refusal in bulk has its field in the text alone.
  const [, field, rest] = /^([a-z_]+(?:\[\d+\]|\.[a-z_]+)*): (.+)$/s.exec(message) ?? [];
  return field !== undefined && rest !== undefined
    ? violationWords({ field, description: rest })
    : inWords(message) || "The service did not accept this.";
}

/** What is wrong with a field, to be read without the field at hand. */
export function violationWords({ field, description }: { field: string; description: string }): string {
  const words = inWords(description).replace(/\.?$/, ".");
  return field ? `${fieldWords(field)}: ${words}` : words;
}

function ofTransition({ metadata = {}, message }: Refused): string {
  if (!metadata.current_status) {
    return inWords(message) || "The ticket cannot be moved there from its present state.";
  }
  const now = statusWord(metadata.current_status);
  const allowed = (metadata.allowed_statuses ?? "").split(",").filter(Boolean).map(statusWord);
  return allowed.length > 0
    ? `The ticket is ${now}. From there it can be moved to ${listed(allowed)}.`
    : `The ticket is ${now}, and cannot be moved any more.`;
}

function ofMismatch({ metadata = {} }: Refused): string {
  switch (metadata.mismatch) {
    case "size":
      return "Not all of the file arrived. Try again.";
    case "type":
      return "The file arrived under another type than was announced. Try again.";
    case "checksum":
      return "The file arrived damaged. Try again.";
    case "content":
      return "The content is not what the file's name says it is. Rename it to what it is, or save it anew.";
    default:
      return "What arrived is not the file that was announced. Try again.";
  }
}

function most(metadata: Refused["metadata"]): string {
  return metadata?.limit ? `${metadata.limit}, the most there may be,` : "as many as there may be";
}

function later(metadata: Refused["metadata"]): string {
  const seconds = Math.ceil(Number(metadata?.retry_after_ms) / 1000);
  return seconds > 1 ? `in ${seconds} seconds` : "in a moment";
}

function statusWord(name: string): string {
  return wordOf(STATUSES, `TICKET_STATUS_${name}`).label;
}

/** "A", "A or B", "A, B or C". */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
