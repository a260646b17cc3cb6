import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input, Select } from "antd";
import { useState } from "react";
import { api, newKey, once, unwrap } from "@/api/client";
import { ApiError, distribute } from "@/api/errors";
import type { Ticket, TicketSeverity } from "@/api/schemas";
import { ticketActionsQuery, ticketQuery } from "@/api/tickets";
import { METADATA_EXTRA, MetadataItem } from "@/features/metadata/MetadataItem";
import { draftOf, type MetadataDraft, readMetadata } from "@/features/metadata/metadataDraft";
import { type LinkedEntity, LinkedEntityField } from "@/features/ticket-create/LinkedEntityField";
import {
  DESCRIPTION_COUNT,
  DESCRIPTION_MAX,
  DESCRIPTION_RULES,
  LINK_RULES,
  TITLE_COUNT,
  TITLE_MAX,
  TITLE_RULES,
} from "@/features/ticket-create/rules";
import { TagsField } from "@/features/ticket-create/TagsField";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormFoot, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { optionsOf, SEVERITIES } from "@/vocabulary/tickets";
import { EditConflict } from "./EditConflict";
import { changedFields, type EditValues, patchOf, valuesOf } from "./editConflict";
import { ticketAnswered } from "./ticketAnswer";
import { isWithheld } from "./ticketDifferences";

type FormValues = {
  title: string;
  description: string;
  severity?: TicketSeverity;
  linkedType?: LinkedEntity;
  tags: string[];
  metadata: MetadataDraft;
};

/** A refusal of `linked_id` belongs to the field that has both parts of the link. */
const FIELDS = ["title", "description", "severity", "linkedType", "linkedId", "tags", "metadata"] as const;

const WITHHELD = "Withheld. View the protected data first, then it can be changed.";

/** Changes what people write about a ticket. Sends what was changed alone, and only against what was read. */
export function TicketEditForm({ ticket, onDone }: { ticket: Ticket; onDone(): void }) {
  const queryClient = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<FormValues>();
  const id = ticket.id ?? "";
  const { data: offer } = useQuery(ticketActionsQuery(id));
  const [began] = useState(ticket);
  const base = valuesOf(began);
  const [initial] = useState(() => formOf(base));
  const [key, setKey] = useState(newKey);
  const [conflict, setConflict] = useState<{ mine: EditValues; theirs: Ticket } | null>(null);
  const save = useMutation({
    mutationFn: ({ before, after, etag }: { before: EditValues; after: EditValues; etag: string }) => {
      const { updateMask, body } = patchOf(before, after);
      return unwrap(
        api.PATCH("/admin/tickets/{id}", {
          params: { path: { id }, query: { updateMask }, header: { ...once(key), "If-Match": etag || "*" } },
          body: body as Ticket,
        }),
      );
    },
    onSuccess(answer, { before, after }) {
      ticketAnswered(queryClient, answer, patchOf(before, after).body);
      void message.success(`${id} is saved.`);
      onDone();
    },
    async onError(error, { after }) {
      if (error instanceof ApiError && error.isConflict) {
        const theirs = await queryClient.fetchQuery({ ...ticketQuery(id), staleTime: 0 }).catch(() => null);
        if (theirs) {
          setKey(newKey());
          setConflict({ mine: after, theirs });
        }
        return;
      }
      form.setFields(fieldErrorsOf(error) as Parameters<typeof form.setFields>[0]);
    },
  });
  const send = (before: EditValues, after: EditValues, etag: string) => {
    if (changedFields(before, after).length === 0) {
      onDone();
    } else {
      save.mutate({ before, after, etag });
    }
  };
  const isConflict = save.error instanceof ApiError && save.error.isConflict;
  const rest = save.error && !isConflict ? distribute(save.error, FIELDS, "ticket").rest : [];
  const mayLink = offer?.actions?.includes("TICKET_ACTION_CHANGE_LINK") ?? true;
  const withheld = (field: string) => isWithheld(began, field);
  return (
    <Form<FormValues>
      form={form}
      layout="vertical"
      requiredMark="optional"
      initialValues={initial}
      disabled={save.isPending}
      onFinish={(values) => send(base, editOf(values, base, withheld), began.etag ?? "")}
    >
      <Unsaved isChanged={() => isEdited(initial, form.getFieldsValue(true))} />
      {rest.length > 0 && (
        <div style={{ marginBottom: 16 }}>
          <ErrorNotice error={save.error} />
        </div>
      )}
      <Form.Item name="title" label="Title" rules={TITLE_RULES}>
        <Input maxLength={TITLE_MAX} showCount={TITLE_COUNT} autoFocus />
      </Form.Item>
      <Form.Item
        name="description"
        label="Description"
        rules={withheld("description") ? [] : DESCRIPTION_RULES}
        extra={withheld("description") && WITHHELD}
      >
        <Input.TextArea
          autoSize={{ minRows: 4, maxRows: 18 }}
          maxLength={DESCRIPTION_MAX}
          showCount={withheld("description") ? false : DESCRIPTION_COUNT}
          disabled={withheld("description") || save.isPending}
        />
      </Form.Item>
      <Form.Item name="severity" label="Severity">
        <Select options={optionsOf(SEVERITIES)} allowClear placeholder="Not judged" />
      </Form.Item>
      <Form.Item
        name="linkedType"
        label="Linked to"
        rules={LINK_RULES}
        extra={!mayLink && "You may not change what this ticket is about."}
      >
        <LinkedEntityField disabled={!mayLink || save.isPending} />
      </Form.Item>
      <Form.Item name="tags" label="Tags">
        <TagsField />
      </Form.Item>
      <MetadataItem
        extra={withheld("metadata") ? WITHHELD : METADATA_EXTRA}
        disabled={withheld("metadata") || save.isPending}
      />
      <FormFoot>
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          Save
        </Button>
      </FormFoot>
      {conflict && (
        <EditConflict
          open
          base={base}
          mine={conflict.mine}
          theirs={conflict.theirs}
          busy={save.isPending}
          onSave={(values) => send(valuesOf(conflict.theirs), values, conflict.theirs.etag ?? "")}
          onBack={() => setConflict(null)}
        />
      )}
    </Form>
  );
}

function fieldErrorsOf(error: unknown) {
  return distribute(error, FIELDS, "ticket").fieldErrors.map(({ name, errors }) => ({
    name: name[0] === "linkedId" ? ["linkedType"] : name,
    errors,
  }));
}

function formOf({
  title = "",
  description = "",
  severity,
  linkedType,
  linkedId,
  tags = [],
  metadata,
}: EditValues): FormValues {
  return {
    title,
    description,
    ...(severity && { severity }),
    ...(linkedType && linkedId && { linkedType: { linkedType, linkedId } }),
    tags,
    metadata: draftOf(metadata),
  };
}

function editOf(values: FormValues, base: EditValues, withheld: (field: string) => boolean): EditValues {
  const { linkedType: link } = values;
  return {
    title: values.title,
    description: withheld("description") ? base.description : values.description,
    severity: values.severity,
    linkedType: link?.linkedId ? link.linkedType : undefined,
    linkedId: link?.linkedId || undefined,
    tags: values.tags,
    metadata: withheld("metadata") ? base.metadata : readMetadata(values.metadata).metadata,
  };
}
