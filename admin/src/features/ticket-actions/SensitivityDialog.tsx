import { api, unwrap } from "@/api/client";
import type { Ticket } from "@/api/schemas";
import { ReasonField } from "@/ui/ReasonField";
import { ActionDialog } from "./ActionDialog";
import { OptionalReason } from "./TransitionDialog";

type Values = { reason?: string };

const FIELDS = ["reason"] as const;

/** Marks a ticket as holding personal data, or as not holding any. */
export function SensitivityDialog(props: { ticket: Ticket; open: boolean; onClose(): void }) {
  const id = props.ticket.id ?? "";
  const isSensitive = !props.ticket.isSensitive;
  return (
    <ActionDialog<Values>
      {...props}
      title={isSensitive ? "Mark as sensitive" : "Mark as not sensitive"}
      okText={isSensitive ? "Mark as sensitive" : "Show it to all"}
      danger={!isSensitive}
      fields={FIELDS}
      prefix="ticket"
      send={({ reason = "" }, header) =>
        unwrap(
          api.POST("/admin/tickets/{id}:update", {
            params: { path: { id }, header },
            body: {
              ticket: { isSensitive } as Ticket,
              updateMask: "isSensitive",
              ...(reason.trim() && { reason: reason.trim() }),
            },
          }),
        )
      }
      said={() => (isSensitive ? `${id} is sensitive now.` : `${id} is not sensitive any more.`)}
    >
      <p className="action-dialog-lead">
        {isSensitive
          ? "Description, messages, metadata and file names will be shown only to who gives a reason, and each look is kept in the audit. Title and tags stay visible: keep personal data out of them."
          : "Description, messages, metadata and file names will be shown to all who see the ticket, without a reason and without a trace."}
      </p>
      {isSensitive ? <OptionalReason /> : <ReasonField />}
    </ActionDialog>
  );
}
