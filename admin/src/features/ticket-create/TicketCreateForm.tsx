import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Flex, Form, Input, Select, Switch, theme } from "antd";
import { useEffect, useState } from "react";
import { useCaller, usePermission } from "@/api/caller";
import { api, newKey, once, unwrap } from "@/api/client";
import { distribute } from "@/api/errors";
import type { Ticket } from "@/api/schemas";
import { ticketKeys } from "@/api/tickets";
import { refusalOf } from "@/features/attachments/fileRules";
import { useFileRules } from "@/features/attachments/useFileRules";
import { METADATA_EXTRA, MetadataItem } from "@/features/metadata/MetadataItem";
import { readMetadata } from "@/features/metadata/metadataDraft";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { sendByKey } from "@/ui/FormDialog";
import { optionsOf, ROLES, SEVERITIES, STAFF_ROLES, wordOf } from "@/vocabulary/tickets";
import { ChosenFiles } from "./ChosenFiles";
import { type CreateValues, forgetDraft, keepDraft, readDraft } from "./createDraft";
import { FranchiseField } from "./FranchiseField";
import { LinkedEntityField } from "./LinkedEntityField";
import { LinkedEntityPreview } from "./LinkedEntityPreview";
import { PriorityField } from "./PriorityField";
import {
  DESCRIPTION_COUNT,
  DESCRIPTION_MAX,
  DESCRIPTION_RULES,
  LINK_RULES,
  TITLE_COUNT,
  TITLE_MAX,
  TITLE_RULES,
} from "./rules";
import { TagsField } from "./TagsField";
import "./create.css";

/** "linkedId" is shown beside "linkedType", which holds both. */
const FIELDS = [
  "title",
  "description",
  "priority",
  "severity",
  "linkedType",
  "linkedId",
  "tags",
  "assignedFranchiseId",
  "ownerRole",
  "isSensitive",
  "metadata",
] as const;

type TicketCreateFormProps = { onCreated(ticket: Ticket, files: readonly File[]): void; onCancel(): void };

/** A new ticket. What was typed is kept for this tab, should the form be closed before it is sent. */
export function TicketCreateForm({ onCreated, onCancel }: TicketCreateFormProps) {
  const queryClient = useQueryClient();
  const { token } = theme.useToken();
  const caller = useCaller();
  const { userId = "" } = caller;
  const mayAssign = usePermission("PERMISSION_ASSIGN_TICKETS");
  const [form] = Form.useForm<CreateValues>();
  const [draft, setDraft] = useState(() => readDraft(userId));
  const [files, setFiles] = useState<readonly File[]>([]);
  const rules = useFileRules();
  const [key] = useState(newKey);
  const link = Form.useWatch("linkedType", form);
  const isSensitive = Form.useWatch("isSensitive", form) ?? false;
  const create = useMutation({
    mutationFn: (values: CreateValues) =>
      unwrap(api.POST("/admin/tickets", { params: { header: once(key) }, body: requestOf(values) })),
    onSuccess(ticket) {
      forgetDraft(userId);
      void queryClient.invalidateQueries({ queryKey: ticketKeys.lists });
      onCreated(
        ticket,
        files.filter((file) => refusalOf(file, rules) === null),
      );
    },
  });
  const { error } = create;
  const rest = error ? distribute(error, FIELDS, "ticket").rest : [];
  useEffect(() => {
    if (error) {
      const { fieldErrors } = distribute(error, FIELDS, "ticket");
      const beside = fieldErrors.map(({ name, errors }) => ({
        name: name[0] === "linkedId" ? ["linkedType"] : name,
        errors,
      }));
      form.setFields(beside as Parameters<typeof form.setFields>[0]);
      if (beside[0]) {
        form.scrollToField(beside[0].name, { block: "center" });
      }
    }
  }, [error, form]);
  const empty: Partial<CreateValues> = {
    priority: "TICKET_PRIORITY_MEDIUM",
    ...(caller.franchiseIds?.length === 1 && { assignedFranchiseId: caller.franchiseIds[0] }),
  };
  return (
    <Form<CreateValues>
      form={form}
      layout="vertical"
      requiredMark="optional"
      initialValues={{ ...empty, ...draft }}
      disabled={create.isPending}
      onFinish={(values) => create.mutate(values)}
      onValuesChange={(_, values) => keepDraft(userId, values)}
      onKeyDown={sendByKey}
    >
      {rest.length > 0 && (
        <div style={{ marginBottom: 16 }}>
          <ErrorNotice error={error} />
        </div>
      )}
      {draft !== null && (
        <div className="create-draft" style={{ background: token.colorFillQuaternary }}>
          <span>This is what you had begun.</span>
          <Button
            type="link"
            size="small"
            onClick={() => {
              forgetDraft(userId);
              setDraft(null);
              form.resetFields();
              form.setFieldsValue({ ...BLANK, ...empty });
            }}
          >
            Begin anew
          </Button>
        </div>
      )}
      <Form.Item name="title" label="Title" rules={TITLE_RULES}>
        <Input maxLength={TITLE_MAX} showCount={TITLE_COUNT} autoFocus placeholder="What is it about, in one line" />
      </Form.Item>
      <Form.Item name="description" label="Description" rules={DESCRIPTION_RULES}>
        <Input.TextArea
          autoSize={{ minRows: 4, maxRows: 12 }}
          maxLength={DESCRIPTION_MAX}
          showCount={DESCRIPTION_COUNT}
          placeholder="What happened, since when, whom it holds up"
        />
      </Form.Item>
      <Form.Item name="priority" label="Priority" rules={[{ required: true }]}>
        <PriorityField />
      </Form.Item>
      <Form.Item label="Linked to" required={false}>
        <Form.Item name="linkedType" noStyle rules={LINK_RULES}>
          <LinkedEntityField />
        </Form.Item>
        <LinkedEntityPreview link={link} />
      </Form.Item>
      <div className="create-pair">
        <Form.Item name="severity" label="Severity">
          <Select options={optionsOf(SEVERITIES)} allowClear placeholder="How bad the damage is" />
        </Form.Item>
        <Form.Item name="assignedFranchiseId" label="Franchise">
          <FranchiseField />
        </Form.Item>
      </div>
      <div className={mayAssign ? "create-pair" : undefined}>
        <Form.Item name="tags" label="Tags">
          <TagsField />
        </Form.Item>
        {mayAssign && (
          <Form.Item name="ownerRole" label="Queue">
            <Select
              options={STAFF_ROLES.map((role) => ({ value: role, label: wordOf(ROLES, role).label }))}
              allowClear
              placeholder="As the policy has it"
            />
          </Form.Item>
        )}
      </div>
      <MetadataItem extra={METADATA_EXTRA} disabled={create.isPending} />
      <div className="create-sensitive">
        <Form.Item name="isSensitive" valuePropName="checked" noStyle>
          <Switch aria-labelledby="create-sensitive-label" aria-describedby="create-sensitive-text" />
        </Form.Item>
        <div>
          <div id="create-sensitive-label">Sensitive</div>
          <small id="create-sensitive-text" style={{ color: token.colorTextDescription }}>
            {isSensitive
              ? "Description, messages, metadata and file names are shown only to who gives a reason, and each look is audited. Keep personal data out of title and tags."
              : "For personal or KYC data: identity papers, account numbers, addresses."}
          </small>
        </div>
      </div>
      <Form.Item label="Files" required={false}>
        <ChosenFiles value={files} onChange={setFiles} disabled={create.isPending} />
      </Form.Item>
      <Flex
        gap={8}
        justify="end"
        align="center"
        className="create-footer"
        style={{ background: token.colorBgElevated }}
      >
        <span className="create-hint" style={{ color: token.colorTextDescription }}>
          Ctrl + Enter
        </span>
        <Button onClick={onCancel} disabled={false}>
          Cancel
        </Button>
        <Button type="primary" htmlType="submit" loading={create.isPending}>
          Create the ticket
        </Button>
      </Flex>
    </Form>
  );
}

const BLANK: { [Field in keyof CreateValues]: undefined } = {
  title: undefined,
  description: undefined,
  priority: undefined,
  severity: undefined,
  linkedType: undefined,
  tags: undefined,
  assignedFranchiseId: undefined,
  ownerRole: undefined,
  isSensitive: undefined,
  metadata: undefined,
};

function requestOf({ linkedType: link, title, description, metadata, ...rest }: CreateValues) {
  return {
    ...rest,
    title: title.trim(),
    description: description.trim(),
    ...(link?.linkedId && { linkedType: link.linkedType, linkedId: link.linkedId }),
    ...(metadata && { metadata: readMetadata(metadata).metadata }),
  };
}
