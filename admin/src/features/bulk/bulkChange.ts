import type { Role, Schemas, TicketFilter, TicketPriority, TicketStatus } from "@/api/schemas";

export type BulkRequest = Schemas["BulkUpdateTicketsRequest"];

/** As the contract has it; more are refused as a whole. */
export const MOST_TICKETS = 500;

export const CHANGES = {
  assign: { label: "Assign", lead: "Gives them to a person, or to a role's queue." },
  transition: {
    label: "Change status",
    lead: "Moves them to another state. Each ticket's own state decides whether it may.",
  },
  priority: { label: "Change priority", lead: "Their deadlines are worked out again, from creation." },
  tags: { label: "Add or remove tags", lead: "Tags that are there already, or not there, are passed over." },
  escalate: {
    label: "Escalate",
    lead: "Moves each one level up its chain. Owners are cleared: a role owns them then.",
  },
  archive: { label: "Archive", lead: "Puts them away. They can be taken out again." },
  unarchive: { label: "Take out of the archive", lead: "They are in lists again." },
  reapplySla: {
    label: "Re-apply SLA policy",
    lead: "Applies the newest version of their policy and calendar. Escalations that were made stay made.",
  },
} as const;

export type ChangeKind = keyof typeof CHANGES;

/** Which tickets: those that were chosen one by one, or all that match. */
export type BulkScope = { ids: readonly string[] } | { filter: TicketFilter };

/** What the form holds. */
export type ChangeForm = {
  kind: ChangeKind;
  ownerRole?: Role;
  ownerId?: string;
  franchise?: "keep" | "set" | "clear";
  assignedFranchiseId?: string;
  status?: TicketStatus;
  resolutionSummary?: string;
  priority?: TicketPriority;
  add?: string[];
  remove?: string[];
  reason?: string;
};

/** The request that the form means. */
export function bulkRequest(scope: BulkScope, form: ChangeForm, validateOnly: boolean): BulkRequest {
  return {
    ...("ids" in scope ? { ids: [...scope.ids] } : { filter: scope.filter }),
    ...changeOf(form),
    reason: form.reason?.trim() ?? "",
    validateOnly,
  };
}

function changeOf(form: ChangeForm): Partial<BulkRequest> {
  switch (form.kind) {
    case "assign":
      return {
        assign: {
          ownerId: form.ownerId ?? "",
          ...(form.ownerRole && { ownerRole: form.ownerRole }),
          ...(form.franchise === "set" && { assignedFranchiseId: form.assignedFranchiseId ?? "" }),
          ...(form.franchise === "clear" && { assignedFranchiseId: "" }),
        },
      };
    case "transition":
      return {
        transition: {
          status: form.status ?? "TICKET_STATUS_UNSPECIFIED",
          ...(form.status === "TICKET_STATUS_RESOLVED" && { resolutionSummary: form.resolutionSummary?.trim() ?? "" }),
        },
      };
    case "priority":
      return { priority: form.priority ?? "TICKET_PRIORITY_UNSPECIFIED" };
    case "tags":
      return { tags: { add: form.add ?? [], remove: form.remove ?? [] } };
    case "escalate":
      return { escalate: {} };
    case "archive":
      return { archive: true };
    case "unarchive":
      return { archive: false };
    case "reapplySla":
      return { reapplySla: {} };
  }
}
