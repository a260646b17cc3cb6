import { Form, Input } from "antd";
import { api, unwrap } from "@/api/client";
import type { Ticket, TicketStatus } from "@/api/schemas";
import { StatusTag } from "@/ui/StatusTag";
import { STATUSES, wordOf } from "@/vocabulary/tickets";
import { ActionDialog } from "./ActionDialog";

type Values = { reason?: string };

const FIELDS = ["reason"] as const;
const REASON_MAX = 2000;

export type TransitionDialogProps = {
  ticket: Ticket;
  open: boolean;
  onClose(): void;
  status: TicketStatus;
  title?: string;
  okText?: string;
  danger?: boolean;
  /** What it means, in a sentence. */
  children?: React.ReactNode;
};

/** Moves a ticket to another state; why may be said. */
export function TransitionDialog({ status, title, okText = "Move", children, ...props }: TransitionDialogProps) {
  const id = props.ticket.id ?? "";
  const word = wordOf(STATUSES, status).label;
  return (
    <ActionDialog<Values>
      {...props}
      title={title ?? `Move to ${word}`}
      okText={okText}
      width={480}
      fields={FIELDS}
      send={({ reason = "" }, header) =>
        unwrap(
          api.POST("/admin/tickets/{id}/transition", {
            params: { path: { id }, header },
            body: { status, ...(reason.trim() && { reason: reason.trim() }) },
          }),
        )
      }
      said={() => `${id} is ${word} now.`}
    >
      {({ base }) => (
        <>
          <p className="action-dialog-lead">
            <StatusTag status={base.status} /> → <StatusTag status={status} />
          </p>
          {children && <p className="action-dialog-lead">{children}</p>}
          <OptionalReason />
        </>
      )}
    </ActionDialog>
  );
}

/** A reason that may be left out, of any length. */
export function OptionalReason() {
  return (
    <Form.Item name="reason" label="Reason">
      <Input.TextArea
        autoSize={{ minRows: 2, maxRows: 6 }}
        maxLength={REASON_MAX}
        placeholder="Kept in the audit"
        autoFocus
      />
    </Form.Item>
  );
}
