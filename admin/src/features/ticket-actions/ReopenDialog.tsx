import type { Ticket } from "@/api/schemas";
import { TransitionDialog } from "./TransitionDialog";

/** Takes up a resolved ticket again. */
export function ReopenDialog(props: { ticket: Ticket; open: boolean; onClose(): void }) {
  return (
    <TransitionDialog {...props} status="TICKET_STATUS_REOPENED" title="Reopen" okText="Reopen">
      Its resolution clock goes on from where it stood.
    </TransitionDialog>
  );
}
