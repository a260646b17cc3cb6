import { UserOutlined } from "@ant-design/icons";
import { Button, Form, Select } from "antd";
import { useCaller } from "@/api/caller";
import { api, unwrap } from "@/api/client";
import type { Role, Ticket } from "@/api/schemas";
import { FranchiseField } from "@/features/ticket-create/FranchiseField";
import { ReasonField } from "@/ui/ReasonField";
import { OwnerName } from "@/ui/UserName";
import { ROLES, STAFF_ROLES, wordOf } from "@/vocabulary/tickets";
import { ActionDialog } from "./ActionDialog";
import { OwnerPicker } from "./OwnerPicker";
import { isSet } from "./ticketDifferences";

type Values = { ownerRole: Role; ownerId?: string; assignedFranchiseId?: string; reason: string };

const FIELDS = ["ownerRole", "ownerId", "assignedFranchiseId", "reason"] as const;
const ROLE_OPTIONS = STAFF_ROLES.map((role) => ({ value: role as Role, label: wordOf(ROLES, role).label }));

/** Gives a ticket to a person or to a role's queue. */
export function TicketAssignmentModal(props: { ticket: Ticket; open: boolean; onClose(): void }) {
  const { ticket } = props;
  const caller = useCaller();
  const id = ticket.id ?? "";
  const callerMayOwn = STAFF_ROLES.some((role) => role === caller.role) && caller.userId !== ticket.ownerId;
  return (
    <ActionDialog<Values>
      {...props}
      title="Assign"
      okText="Assign"
      width={600}
      fields={FIELDS}
      initialValues={{
        ownerRole: (isSet(ticket.ownerRole) ? ticket.ownerRole : "ROLE_OPS_AGENT") as Role,
        ownerId: "",
        assignedFranchiseId: ticket.assignedFranchiseId || undefined,
      }}
      send={({ ownerRole, ownerId, assignedFranchiseId = "", reason }, header, base) =>
        unwrap(
          api.POST("/admin/tickets/{id}/assign", {
            params: { path: { id }, header },
            body: {
              ownerRole,
              ...(ownerId && { ownerId }),
              ...(assignedFranchiseId !== (base.assignedFranchiseId ?? "") && { assignedFranchiseId }),
              reason: reason.trim(),
            },
          }),
        )
      }
      said={() => `${id} is assigned.`}
    >
      {({ form, base }) => (
        <>
          <p className="action-dialog-lead">
            Now with <OwnerName ownerId={base.ownerId} ownerRole={base.ownerRole} />
          </p>
          <Form.Item label="Role" required>
            <div style={{ display: "flex", gap: 8 }}>
              <Form.Item name="ownerRole" noStyle rules={[{ required: true, message: "Choose a role." }]}>
                <Select
                  aria-label="Role"
                  options={ROLE_OPTIONS}
                  onChange={() => form.setFieldValue("ownerId", "")}
                  showSearch={{ optionFilterProp: "label" }}
                />
              </Form.Item>
              {callerMayOwn && (
                <Button
                  icon={<UserOutlined aria-hidden />}
                  onClick={() =>
                    form.setFieldsValue({ ownerRole: caller.role ?? "ROLE_UNSPECIFIED", ownerId: caller.userId ?? "" })
                  }
                >
                  To me
                </Button>
              )}
            </div>
          </Form.Item>
          <Form.Item noStyle dependencies={["ownerRole", "assignedFranchiseId"]}>
            {() => (
              <Form.Item name="ownerId" label="Owner" required>
                <OwnerPicker
                  role={form.getFieldValue("ownerRole") as Role}
                  franchiseId={form.getFieldValue("assignedFranchiseId") as string | undefined}
                  ticketId={id}
                />
              </Form.Item>
            )}
          </Form.Item>
          <Form.Item name="assignedFranchiseId" label="Franchise">
            <FranchiseField />
          </Form.Item>
          <ReasonField placeholder="Why it goes there; kept in the audit" />
        </>
      )}
    </ActionDialog>
  );
}
