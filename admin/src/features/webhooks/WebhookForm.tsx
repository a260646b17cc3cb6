import { Button, Form, Input, Radio, Select } from "antd";
import { useEffect, useState } from "react";
import { newKey } from "@/api/client";
import { ApiError, distribute } from "@/api/errors";
import type { TicketFilter, Webhook } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormFoot, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { filterWords } from "@/vocabulary/filterWords";
import { LINKED_TYPES, optionsOf, PRIORITIES, ROLES, STAFF_ROLES, STATUSES, wordOf } from "@/vocabulary/tickets";
import {
  changedFields,
  EVENT_TYPES,
  FILTER_FIELDS,
  MOST_EVENT_TYPES,
  type WebhookDraft,
  webhookDraftOf,
  webhookOf,
} from "./webhookDraft";
import { useWebhookChanges } from "./webhookQueries";

const FIELDS = ["displayName", "url", "eventTypes", "filter"];
const EVENT_OPTIONS = EVENT_TYPES.map((value) => ({ value, label: value }));
const QUEUES = STAFF_ROLES.map((value) => ({ value, label: wordOf(ROLES, value).label }));

/** A webhook as a form: a new one, or one that is there. */
export function WebhookForm({ webhook, onDone }: { webhook: Webhook | null; onDone(saved: Webhook | null): void }) {
  const [form] = Form.useForm<WebhookDraft>();
  const [began] = useState(() => webhookDraftOf(webhook));
  const [key, setKey] = useState(newKey);
  const { create, update } = useWebhookChanges();
  const save = webhook === null ? create : update;
  const { error } = save;
  const { fieldErrors, rest } = error === null ? { fieldErrors: [], rest: [] } : distribute(error, FIELDS, "webhook");
  const tickets = Form.useWatch("tickets", form);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each refusal; the rest follows from it
  useEffect(() => {
    form.setFields(fieldErrors as Parameters<typeof form.setFields>[0]);
  }, [error]);
  const outcome = {
    onSuccess: onDone,
    onError: (refusal: Error) => refusal instanceof ApiError && !refusal.isTemporary && setKey(newKey()),
  };
  const submit = (draft: WebhookDraft) => {
    const after = webhookOf(draft, webhook);
    if (webhook === null) {
      create.mutate({ webhook: { ...after, enabled: true }, key }, outcome);
      return;
    }
    const mask = changedFields(webhook, after);
    if (mask.length === 0) {
      onDone(null);
      return;
    }
    update.mutate({ webhook: { ...after, id: webhook.id ?? "", etag: webhook.etag ?? "" }, mask, key }, outcome);
  };
  return (
    <Form<WebhookDraft>
      form={form}
      layout="vertical"
      requiredMark="optional"
      initialValues={began}
      onFinish={submit}
      disabled={save.isPending}
    >
      <Unsaved isChanged={() => isEdited(began, form.getFieldsValue(true))} />
      {error !== null && rest.length > 0 && (
        <div style={{ marginBottom: 12 }}>
          <ErrorNotice
            error={error}
            {...(error instanceof ApiError &&
              error.isConflict && {
                title: "Somebody else has changed this webhook. Close, look at it, and edit it anew.",
              })}
          />
        </div>
      )}
      <Form.Item
        name="displayName"
        label="Name"
        rules={[
          { required: true, whitespace: true, message: "Give it a name." },
          { max: 100, message: "100 characters at most." },
        ]}
      >
        <Input dir="auto" autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="url"
        label="Address"
        extra="Events are posted here as JSON."
        validateTrigger="onBlur"
        rules={[
          { required: true, whitespace: true, message: "Say where to post." },
          { pattern: /^\s*https?:\/\/\S+$/i, message: "An address that begins with https:// or http://." },
          { max: 2000, message: "2 000 characters at most." },
        ]}
      >
        <Input inputMode="url" autoComplete="off" spellCheck={false} placeholder="https://" />
      </Form.Item>
      <Form.Item
        name="eventTypes"
        label="Events"
        rules={[{ type: "array", max: MOST_EVENT_TYPES, message: `${MOST_EVENT_TYPES} at most.` }]}
      >
        <Select mode="tags" options={EVENT_OPTIONS} placeholder="All events" tokenSeparators={[",", " "]} />
      </Form.Item>
      <Form.Item name="tickets" label="Tickets" required>
        <Radio.Group
          aria-label="Tickets"
          options={[
            { value: "all", label: "All, archived ones too" },
            { value: "some", label: "Only some" },
          ]}
        />
      </Form.Item>
      {tickets === "some" && <FilterFields webhook={webhook} />}
      <FormFoot>
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {webhook === null ? "Create webhook" : "Save"}
        </Button>
      </FormFoot>
    </Form>
  );
}

function FilterFields({ webhook }: { webhook: Webhook | null }) {
  const others: TicketFilter = { ...webhook?.filter };
  for (const field of FILTER_FIELDS) {
    delete others[field];
  }
  const kept = filterWords(others);
  return (
    <div className="webhook-filter">
      <Form.Item name={["filter", "statuses"]} label="Status">
        <Select mode="multiple" allowClear options={optionsOf(STATUSES)} placeholder="Any" />
      </Form.Item>
      <Form.Item name={["filter", "priorities"]} label="Priority">
        <Select mode="multiple" allowClear options={optionsOf(PRIORITIES)} placeholder="Any" />
      </Form.Item>
      <Form.Item name={["filter", "ownerRoles"]} label="Queue">
        <Select mode="multiple" allowClear options={QUEUES} placeholder="Any" />
      </Form.Item>
      <Form.Item name={["filter", "linkedType"]} label="About">
        <Select allowClear options={optionsOf(LINKED_TYPES)} placeholder="Anything" />
      </Form.Item>
      <Form.Item name={["filter", "franchiseIds"]} label="Franchises">
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", " "]} placeholder="Any" />
      </Form.Item>
      <Form.Item name={["filter", "tagsAny"]} label="Tags, any of them">
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[","]} placeholder="Any" />
      </Form.Item>
      <Form.Item name={["filter", "sensitive"]} label="Sensitive">
        <Select
          allowClear
          placeholder="Either"
          options={[
            { value: true, label: "Sensitive ones alone" },
            { value: false, label: "No sensitive ones" },
          ]}
        />
      </Form.Item>
      {kept.length > 0 && <p className="webhook-kept">Kept as well: {kept.join(" · ")}</p>}
    </div>
  );
}
