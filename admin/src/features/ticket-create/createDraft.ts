import { keep, readKept } from "@/api/kept";
import type { Role, TicketPriority, TicketSeverity } from "@/api/schemas";
import { isEmptyDraft, isMetadataDraft, type MetadataDraft } from "@/features/metadata/metadataDraft";
import type { LinkedEntity } from "./LinkedEntityField";

/** What the form of a new ticket holds. `linkedType` is the whole link: refusals of either part stand beside it. */
export type CreateValues = {
  title: string;
  description: string;
  priority: TicketPriority;
  severity?: TicketSeverity;
  linkedType?: LinkedEntity;
  tags?: string[];
  assignedFranchiseId?: string;
  ownerRole?: Role;
  isSensitive?: boolean;
  metadata?: MetadataDraft;
};

const keyOf = (userId: string) => `tickets.create-draft.${userId}`;

/** Keeps what a person typed for as long as the tab lives. Of a sensitive ticket nothing protected is kept. */
export function keepDraft(userId: string, values: Partial<CreateValues>): void {
  const { description, metadata, ...rest } = values;
  const kept: Partial<CreateValues> = values.isSensitive ? rest : { ...rest, description, metadata };
  if (kept.title || kept.description || kept.linkedType || kept.tags?.length || !isEmptyDraft(kept.metadata)) {
    keep("session", keyOf(userId), JSON.stringify(kept));
  } else {
    forgetDraft(userId);
  }
}

/** Null where there is none, or what is there is of another form than this one. */
export function readDraft(userId: string): Partial<CreateValues> | null {
  try {
    const kept: unknown = JSON.parse(readKept("session", keyOf(userId)) ?? "null");
    return isDraft(kept) ? kept : null;
  } catch {
    return null;
  }
}

export function forgetDraft(userId: string): void {
  keep("session", keyOf(userId), null);
}

const TEXTS = ["title", "description", "priority", "severity", "assignedFranchiseId", "ownerRole"];

function isDraft(kept: unknown): kept is Partial<CreateValues> {
  if (typeof kept !== "object" || kept === null) {
    return false;
  }
  const { tags, linkedType, metadata, ...rest } = kept as Record<string, unknown>;
  return (
    (tags === undefined || (Array.isArray(tags) && tags.every((each) => typeof each === "string"))) &&
    (linkedType === undefined || isLink(linkedType)) &&
    (metadata === undefined || isMetadataDraft(metadata)) &&
    TEXTS.every((name) => rest[name] === undefined || typeof rest[name] === "string")
  );
}

function isLink(kept: unknown): kept is LinkedEntity {
  return (
    typeof kept === "object" &&
    kept !== null &&
    "linkedType" in kept &&
    typeof kept.linkedType === "string" &&
    "linkedId" in kept &&
    typeof kept.linkedId === "string"
  );
}
