import { api, unwrap } from "@/api/client";
import type { Ticket } from "@/api/schemas";
import { ActionDialog } from "./ActionDialog";
import { OptionalReason } from "./TransitionDialog";

type Values = { reason?: string };

const FIELDS = ["reason"] as const;

/** Puts a ticket away, or takes it out again. */
export function ArchiveDialog(props: { ticket: Ticket; open: boolean; onClose(): void }) {
  const id = props.ticket.id ?? "";
  const archived = !props.ticket.archived;
  return (
    <ActionDialog<Values>
      {...props}
      title={archived ? "Archive" : "Take out of the archive"}
      okText={archived ? "Archive" : "Take it out"}
      width={480}
      fields={FIELDS}
      send={({ reason = "" }, header) =>
        unwrap(
          api.POST("/admin/tickets/{id}/archive", {
            params: { path: { id }, header },
            body: { archived, ...(reason.trim() && { reason: reason.trim() }) },
          }),
        )
      }
      said={() => (archived ? `${id} is archived.` : `${id} is out of the archive.`)}
    >
      <p className="action-dialog-lead">
        {archived
          ? "It leaves the lists and takes no changes or messages until it is taken out again. Its clock runs on unless the ticket is resolved."
          : "It is back in the lists, and takes changes and messages again."}
      </p>
      <OptionalReason />
    </ActionDialog>
  );
}
