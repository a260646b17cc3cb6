import { api, unwrap } from "@/api/client";
import type { Ticket } from "@/api/schemas";
import { ReasonField } from "@/ui/ReasonField";
import { ROLES, wordOf } from "@/vocabulary/tickets";
import { ActionDialog } from "./ActionDialog";
import { EscalationChain } from "./EscalationChain";

type Values = { reason: string };

const FIELDS = ["reason"] as const;

/** Moves a ticket to the next role of its escalation chain. */
export function EscalateModal(props: { ticket: Ticket; open: boolean; onClose(): void }) {
  const id = props.ticket.id ?? "";
  return (
    <ActionDialog<Values>
      {...props}
      title="Escalate"
      okText="Escalate"
      danger
      fields={FIELDS}
      send={({ reason }, header) =>
        unwrap(
          api.POST("/admin/tickets/{id}/escalate", {
            params: { path: { id }, header },
            body: { reason: reason.trim() },
          }),
        )
      }
      said={({ ownerRole }) => `${id} is with ${wordOf(ROLES, ownerRole).label} now.`}
    >
      {({ base }) => (
        <>
          <p className="action-dialog-lead">
            The ticket goes to the queue of the next role. It has no owner there until an Ops manager, or a role above,
            assigns it to somebody.
          </p>
          <EscalationChain ticket={base} />
          <ReasonField placeholder="Why it cannot be solved here; kept in the audit" />
        </>
      )}
    </ActionDialog>
  );
}
