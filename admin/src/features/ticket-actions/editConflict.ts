import type { Ticket } from "@/api/schemas";
import { canonical, isSet, isWithheld } from "./ticketDifferences";

/** What the form changes: fields of the ticket that people fill in, the link as one. */
const EDIT_FIELDS = ["title", "description", "severity", "link", "tags", "metadata"] as const;
export type EditField = (typeof EDIT_FIELDS)[number];

export type EditValues = Pick<
  Ticket,
  "title" | "description" | "severity" | "linkedType" | "linkedId" | "tags" | "metadata"
>;

/** Names in the contract's field mask. */
const MASK: Readonly<Record<EditField, readonly (keyof EditValues)[]>> = {
  title: ["title"],
  description: ["description"],
  severity: ["severity"],
  link: ["linkedType", "linkedId"],
  tags: ["tags"],
  metadata: ["metadata"],
};

export const EDIT_LABELS: Readonly<Record<EditField, string>> = {
  title: "Title",
  description: "Description",
  severity: "Severity",
  link: "Linked to",
  tags: "Tags",
  metadata: "Metadata",
};

/** The values of a ticket as the form has them: empty ones alike, whatever way the API says "none". */
export function valuesOf(ticket: Ticket): EditValues {
  const linked = Boolean(ticket.linkedId);
  return {
    title: ticket.title ?? "",
    description: ticket.description ?? "",
    severity: isSet(ticket.severity) ? ticket.severity : undefined,
    linkedType: linked ? ticket.linkedType : undefined,
    linkedId: linked ? ticket.linkedId : undefined,
    tags: ticket.tags ?? [],
    metadata: ticket.metadata ?? {},
  };
}

/** Which fields differ. */
export function changedFields(before: EditValues, after: EditValues): EditField[] {
  return EDIT_FIELDS.filter((field) => textOf(field, before) !== textOf(field, after));
}

/** A field for comparing and for showing; what means the same is the same. */
function textOf(field: EditField, values: EditValues): string {
  switch (field) {
    case "title":
    case "description":
      return (values[field] ?? "").trim();
    case "severity":
      return values.severity ?? "";
    case "link":
      return values.linkedId ? `${values.linkedType} ${values.linkedId}` : "";
    case "tags":
      return (values.tags ?? []).join(", ");
    case "metadata":
      return canonical(values.metadata);
  }
}

/**
 * How a field stands after somebody else was faster: `mine` and `theirs` were changed by one side alone, `both` by both
 * to different values, so a person has to choose; `blind` is mine, and theirs is withheld.
 */
export type Standing = "mine" | "theirs" | "both" | "blind";

export type FieldConflict = { field: EditField; standing: Standing };

/** Compares field by field. Fields that nobody changed, or both to the same, are left out. */
export function compare(base: EditValues, mine: EditValues, theirs: Ticket): FieldConflict[] {
  const fresh = valuesOf(theirs);
  return EDIT_FIELDS.flatMap((field): FieldConflict[] => {
    const [was, my, their] = [textOf(field, base), textOf(field, mine), textOf(field, fresh)];
    const iChanged = was !== my;
    if (isWithheld(theirs, field)) {
      return iChanged ? [{ field, standing: "blind" }] : [];
    }
    const theyChanged = was !== their;
    if (my === their || !(iChanged || theyChanged)) {
      return [];
    }
    return [{ field, standing: iChanged && theyChanged ? "both" : iChanged ? "mine" : "theirs" }];
  });
}

export type Choices = Partial<Record<EditField, "mine" | "theirs">>;

/**
 * The values to save against the new state: what only I changed is mine, what only they changed is theirs, and the rest
 * as chosen; null while a choice is missing.
 */
export function merge(base: EditValues, mine: EditValues, theirs: Ticket, choices: Choices): EditValues | null {
  const merged: EditValues = { ...valuesOf(theirs) };
  for (const { field, standing } of compare(base, mine, theirs)) {
    const choice = standing === "mine" ? "mine" : standing === "theirs" ? "theirs" : choices[field];
    if (choice === undefined) {
      return null;
    }
    if (choice === "mine") {
      copy(field, mine, merged);
    }
  }
  return merged;
}

function copy(field: EditField, from: EditValues, to: EditValues): void {
  for (const name of MASK[field]) {
    Object.assign(to, { [name]: from[name] });
  }
}

/** The request for what differs: the mask, and only the values it names. Fields without a value are cleared. */
export function patchOf(before: EditValues, after: EditValues): { updateMask: string; body: EditValues } {
  const names = changedFields(before, after).flatMap((field) => MASK[field]);
  const body: EditValues = {};
  for (const name of names) {
    const value = after[name];
    Object.assign(body, { [name]: typeof value === "string" ? value.trim() : value });
  }
  return { updateMask: names.join(","), body };
}
