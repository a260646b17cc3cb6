import type { Role, TicketPriority, TicketSeverity } from "@/api/schemas";
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
};

const KEY = "tickets.create-draft";

/** Keeps what was typed for as long as the tab lives. Of a sensitive ticket nothing protected is kept. */
export function keepDraft(values: Partial<CreateValues>): void {
  const { description, ...rest } = values;
  const kept: Partial<CreateValues> = values.isSensitive ? rest : { ...rest, description };
  if (kept.title || kept.description || kept.linkedType || kept.tags?.length) {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } else {
    forgetDraft();
  }
}

export function readDraft(): Partial<CreateValues> | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<CreateValues> | null;
  } catch {
    return null;
  }
}

export function forgetDraft(): void {
  sessionStorage.removeItem(KEY);
}
