import type { Schemas, TicketAction, TicketStatus } from "@/api/schemas";

/** A dialog that changes a ticket. */
export type ActionKind =
  | "assign"
  | "escalate"
  | "resolve"
  | "priority"
  | "sensitivity"
  | "archive"
  | "close"
  | "reopen"
  | "move";

export type Offer = {
  assign: boolean;
  escalate: boolean;
  resolve: boolean;
  message: boolean;
  /** States to move to; those with a button of their own are left out. */
  moves: TicketStatus[];
  priority: boolean;
  sensitivity: boolean;
  archive: boolean;
  watch: boolean;
};

const WITH_BUTTONS: readonly TicketStatus[] = ["TICKET_STATUS_ESCALATED", "TICKET_STATUS_RESOLVED"];

/** What is offered of what the API says the caller may do to a ticket; nothing as long as that is not known. */
export function offerOf(answer: Schemas["GetTicketActionsResponse"] | undefined): Offer {
  const { actions = [], transitions = [] } = answer ?? {};
  const may = (action: TicketAction) => actions.includes(action);
  return {
    assign: may("TICKET_ACTION_ASSIGN"),
    escalate: may("TICKET_ACTION_ESCALATE"),
    resolve: transitions.includes("TICKET_STATUS_RESOLVED"),
    message: may("TICKET_ACTION_ADD_MESSAGE"),
    moves: transitions.filter((status) => !WITH_BUTTONS.includes(status)),
    priority: may("TICKET_ACTION_CHANGE_PRIORITY"),
    sensitivity: may("TICKET_ACTION_CHANGE_SENSITIVITY"),
    archive: may("TICKET_ACTION_ARCHIVE"),
    watch: may("TICKET_ACTION_WATCH"),
  };
}

/** The dialog for a move to a state. */
export function dialogOf(status: TicketStatus): ActionKind {
  switch (status) {
    case "TICKET_STATUS_CLOSED":
      return "close";
    case "TICKET_STATUS_REOPENED":
      return "reopen";
    default:
      return "move";
  }
}
