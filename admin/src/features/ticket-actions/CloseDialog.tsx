import type { Ticket } from "@/api/schemas";
import { TransitionDialog } from "./TransitionDialog";

/** Closes a ticket for good. */
export function CloseDialog(props: { ticket: Ticket; open: boolean; onClose(): void }) {
  return (
    <TransitionDialog {...props} status="TICKET_STATUS_CLOSED" title="Close" okText="Close the ticket" danger>
      A closed ticket cannot be opened or changed again. Messages can still be written.
    </TransitionDialog>
  );
}
