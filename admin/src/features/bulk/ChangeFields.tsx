import { Form, Input, Radio, Select } from "antd";
import { FranchiseField } from "@/features/ticket-create/FranchiseField";
import { MemberField } from "@/features/ticket-create/MemberField";
import { TagsField } from "@/features/ticket-create/TagsField";
import { optionsOf, PRIORITIES, ROLES, STAFF_ROLES, STATUSES, wordOf } from "@/vocabulary/tickets";
import { CHANGES, type ChangeForm, type ChangeKind } from "./bulkChange";

const MOST_SUMMARY = 20_000;
const KINDS = Object.entries(CHANGES).map(([value, { label }]) => ({ value, label }));
/** NEW is where tickets begin, ESCALATED has its own change, which moves the level too. */
const TARGETS = optionsOf(STATUSES).filter(
  ({ value }) => value !== "TICKET_STATUS_NEW" && value !== "TICKET_STATUS_ESCALATED",
);
const QUEUES = STAFF_ROLES.map((value) => ({ value, label: wordOf(ROLES, value).label }));

/** Fields of the change; they stand in a form of ChangeForm. */
export function ChangeFields() {
  const kind = Form.useWatch<ChangeKind | undefined>("kind");
  return (
    <>
      <Form.Item name="kind" label="Change" required extra={kind && CHANGES[kind].lead}>
        <Select options={KINDS} />
      </Form.Item>
      {kind === "assign" && <AssignFields />}
      {kind === "transition" && <TransitionFields />}
      {kind === "priority" && (
        <Form.Item name="priority" label="Priority" rules={[{ required: true, message: "Choose a priority." }]}>
          <Select options={optionsOf(PRIORITIES)} placeholder="Choose" />
        </Form.Item>
      )}
      {kind === "tags" && <TagFields />}
    </>
  );
}

function AssignFields() {
  const ownerRole = Form.useWatch<ChangeForm["ownerRole"]>("ownerRole");
  const franchise = Form.useWatch<ChangeForm["franchise"]>("franchise");
  return (
    <>
      <Form.Item name="ownerRole" label="Role" rules={[{ required: true, message: "Choose a role." }]}>
        <Select options={QUEUES} showSearch={{ optionFilterProp: "label" }} placeholder="Whose queue" />
      </Form.Item>
      <Form.Item name="ownerId" label="Person" extra="Leave it empty for the role's queue.">
        <MemberField {...(ownerRole && { roles: [ownerRole] })} label="Person" placeholder="The role's queue" />
      </Form.Item>
      <Form.Item name="franchise" label="Franchise" required>
        <Radio.Group
          aria-label="Franchise"
          options={[
            { value: "keep", label: "Keep" },
            { value: "set", label: "Change" },
            { value: "clear", label: "Clear" },
          ]}
        />
      </Form.Item>
      {franchise === "set" && (
        <Form.Item
          name="assignedFranchiseId"
          label="New franchise"
          rules={[{ required: true, message: "Choose a franchise." }]}
        >
          <FranchiseField />
        </Form.Item>
      )}
    </>
  );
}

function TransitionFields() {
  const status = Form.useWatch<ChangeForm["status"]>("status");
  return (
    <>
      <Form.Item name="status" label="New status" rules={[{ required: true, message: "Choose a status." }]}>
        <Select options={TARGETS} placeholder="Choose" />
      </Form.Item>
      {status === "TICKET_STATUS_RESOLVED" && (
        <Form.Item
          name="resolutionSummary"
          label="Resolution summary"
          extra="The same for all of them; who reported the tickets can read it."
          rules={[{ required: true, whitespace: true, message: "Say how they were solved." }]}
        >
          <Input.TextArea autoSize={{ minRows: 2, maxRows: 6 }} maxLength={MOST_SUMMARY} />
        </Form.Item>
      )}
    </>
  );
}

function TagFields() {
  return (
    <>
      <Form.Item
        name="add"
        label="Add"
        dependencies={["remove"]}
        rules={[
          ({ getFieldsValue }) => ({
            validator() {
              const { add = [], remove = [] } = getFieldsValue(["add", "remove"]) as ChangeForm;
              if (add.length + remove.length === 0) {
                return Promise.reject(new Error("Name a tag to add or to remove."));
              }
              const both = add.filter((tag) => remove.includes(tag));
              return both.length > 0
                ? Promise.reject(new Error(`Both added and removed: ${both.join(", ")}.`))
                : Promise.resolve();
            },
          }),
        ]}
      >
        <TagsField placeholder="Tags to add" />
      </Form.Item>
      <Form.Item name="remove" label="Remove">
        <TagsField placeholder="Tags to remove" />
      </Form.Item>
    </>
  );
}
