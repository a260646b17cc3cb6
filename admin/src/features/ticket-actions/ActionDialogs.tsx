import type { Ticket, TicketStatus } from "@/api/schemas";
import { ArchiveDialog } from "./ArchiveDialog";
import type { ActionKind } from "./actionOffer";
import { CloseDialog } from "./CloseDialog";
import { EscalateModal } from "./EscalateModal";
import { PriorityDialog } from "./PriorityDialog";
import { ReopenDialog } from "./ReopenDialog";
import { ResolveModal } from "./ResolveModal";
import { SensitivityDialog } from "./SensitivityDialog";
import { TicketAssignmentModal } from "./TicketAssignmentModal";
import { TransitionDialog } from "./TransitionDialog";

export type OpenDialog = { kind: ActionKind; status?: TicketStatus };

const DIALOGS = {
  assign: TicketAssignmentModal,
  escalate: EscalateModal,
  resolve: ResolveModal,
  priority: PriorityDialog,
  sensitivity: SensitivityDialog,
  archive: ArchiveDialog,
  close: CloseDialog,
  reopen: ReopenDialog,
} as const;

/** The dialog that was asked for. `dialog` is kept while it closes, so that it does not change on its way out. */
export function ActionDialogs({
  ticket,
  dialog,
  open,
  onClose,
}: {
  ticket: Ticket;
  dialog: OpenDialog | null;
  open: boolean;
  onClose(): void;
}) {
  if (dialog === null) {
    return null;
  }
  if (dialog.kind === "move") {
    const status = dialog.status ?? "TICKET_STATUS_IN_PROGRESS";
    return <TransitionDialog ticket={ticket} open={open} onClose={onClose} status={status} />;
  }
  const Dialog = DIALOGS[dialog.kind];
  return <Dialog key={dialog.kind} ticket={ticket} open={open} onClose={onClose} />;
}
