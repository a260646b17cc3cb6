/** The contract's own names within a sentence of the server, put into the words of the page. */
import { PRIORITIES, ROLES, STATUSES } from "./tickets";

/** What fields of requests are called in forms; those that are not here are made readable. */
const FIELDS: Readonly<Record<string, string>> = {
  access_reason: "Reason",
  assigned_franchise_id: "Franchise",
  calendar_id: "Calendar",
  closes_at: "Closes",
  display_name: "Name",
  escalation_interval_minutes: "Next escalation after",
  file_name: "Name of the file",
  file_size_bytes: "Size",
  file_type: "Type of the file",
  franchise_ids: "Franchises",
  is_sensitive: "Sensitive",
  linked_id: "Id of what it is linked to",
  linked_type: "Linked to",
  opens_at: "Opens",
  owner_id: "Owner",
  owner_role: "Role",
  pausing_statuses: "Pauses while",
  resolution_summary: "Summary",
  resolution_time_minutes: "Resolution",
  response_time_minutes: "First response",
  time_zone: "Time zone",
  user_id: "User id",
  user_ids: "User ids",
};

/** Fields of which the last part alone says too little. */
const PATHS: Readonly<Record<string, string>> = {
  "tags.add": "Tags to add",
  "tags.remove": "Tags to remove",
  "webhook.url": "Address",
};

const NAMES: ReadonlyMap<string, string> = new Map([
  ["AWAITING_*", "Awaiting …"],
  ...words(STATUSES, "TICKET_STATUS_"),
  ...words(PRIORITIES, "TICKET_PRIORITY_"),
  // Roles of one word are words of English; of the others "ops_manager" is "ops manager".
  ...[...words(ROLES, "ROLE_")]
    .map(([name, label]): [string, string] => [name.toLowerCase(), withinSentence(label)])
    .filter(([name]) => name.includes("_")),
  ...Object.entries(FIELDS).map(([name, label]): [string, string] => [name, `“${label}”`]),
  // Two parts of one field.
  ["linked_type", "the kind of thing"],
  ["linked_id", "its id"],
]);

/** "Assigning takes ops_manager or above." is "Assigning takes ops manager or above."; other texts stay as they are. */
export function inWords(text: string): string {
  return text.replace(
    /\bAWAITING_\*|\b[A-Z]+(?:_[A-Z]+)*\b|\b[a-z]+(?:_[a-z]+)+\b/g,
    (name) => NAMES.get(name) ?? name,
  );
}

/** What a person calls a field, by its path in the request: "ticket.tags[1]" is "Tags". */
export function fieldWords(path: string): string {
  const plain = path.replace(/\[[^\]]*\]/g, "");
  const name = plain.split(".").at(-1) ?? "";
  const readable = name.replaceAll("_", " ");
  return PATHS[plain] ?? FIELDS[name] ?? readable.charAt(0).toUpperCase() + readable.slice(1);
}

/** "HQ support" keeps its capitals, "Ops manager" stands within a sentence as "ops manager". */
function withinSentence(label: string): string {
  return /^[A-Z][a-z]/.test(label) ? label.charAt(0).toLowerCase() + label.slice(1) : label;
}

function words(of: Readonly<Record<string, string | { label: string }>>, prefix: string): [string, string][] {
  return Object.entries(of).map(([value, word]) => [
    value.replace(prefix, ""),
    typeof word === "string" ? word : word.label,
  ]);
}
