import { Alert, Form } from "antd";
import { api, unwrap } from "@/api/client";
import type { Ticket, TicketPriority } from "@/api/schemas";
import { PriorityField } from "@/features/ticket-create/PriorityField";
import { ReasonField } from "@/ui/ReasonField";
import { PRIORITIES, wordOf } from "@/vocabulary/tickets";
import { ActionDialog } from "./ActionDialog";

type Values = { priority: TicketPriority; reason: string };

const FIELDS = ["priority", "reason"] as const;

/** Changes how soon a ticket has to be solved. */
export function PriorityDialog(props: { ticket: Ticket; open: boolean; onClose(): void }) {
  const id = props.ticket.id ?? "";
  return (
    <ActionDialog<Values>
      {...props}
      title="Change the priority"
      okText="Change"
      fields={FIELDS}
      prefix="ticket"
      initialValues={{ priority: props.ticket.priority }}
      send={({ priority, reason }, header) =>
        unwrap(
          api.POST("/admin/tickets/{id}:update", {
            params: { path: { id }, header },
            body: { ticket: { priority } as Ticket, updateMask: "priority", reason: reason.trim() },
          }),
        )
      }
      said={({ priority }) => `${id} has the priority ${wordOf(PRIORITIES, priority).label} now.`}
    >
      {({ base }) => (
        <>
          <Form.Item
            name="priority"
            label="Priority"
            rules={[
              { required: true },
              {
                validator: (_, value) =>
                  value === base.priority ? Promise.reject(new Error("That is the present one.")) : Promise.resolve(),
              },
            ]}
          >
            <PriorityField />
          </Form.Item>
          <Alert
            type="info"
            showIcon
            title="The deadline will move"
            description="It is counted anew from when the ticket was created, by the policy of the new priority; pauses are kept."
            style={{ marginBottom: 16 }}
          />
          <ReasonField />
        </>
      )}
    </ActionDialog>
  );
}
