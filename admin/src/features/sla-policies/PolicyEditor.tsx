import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Form, Select } from "antd";
import { useState } from "react";
import { api, newKey, once, unwrap } from "@/api/client";
import { ApiError, distribute } from "@/api/errors";
import type { Calendar, SlaPolicy } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormDrawer, FormFoot, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { useFocusReturn } from "@/ui/useFocusReturn";
import { PRIORITIES, STATUSES, wordOf } from "@/vocabulary/tickets";
import { ConflictChoice } from "./ConflictChoice";
import { DurationField, durationRule } from "./DurationField";
import { EscalationChainField } from "./EscalationChainField";
import { fieldWords } from "./policyWords";
import {
  changedFields,
  type KnownPriority,
  POLICY_FIELDS,
  POLICY_LABELS,
  type PolicyField,
  type PolicyValues,
  slaPoliciesQuery,
  valuesOf,
} from "./slaPolicies";
import "./sla-policies.css";

const PAUSING = (Object.keys(STATUSES) as (keyof typeof STATUSES)[]).filter((status) => status.includes("AWAITING"));

/** Makes a new version of a policy. `onSaved` is told of it. */
export function PolicyEditor({
  policy,
  calendars,
  onClose,
  onSaved,
}: {
  policy: SlaPolicy;
  calendars: readonly Calendar[];
  onClose(): void;
  onSaved(policy: SlaPolicy): void;
}) {
  useFocusReturn();
  const [form] = Form.useForm<PolicyValues>();
  const queryClient = useQueryClient();
  // What the form began with, and the key of the change; both are new after a conflict that was settled.
  const [base, setBase] = useState(policy);
  const [began] = useState(() => valuesOf(policy));
  const [key, setKey] = useState(newKey);
  const [newer, setNewer] = useState<SlaPolicy | null>(null);
  const [rest, setRest] = useState<string[]>([]);
  const calendarId = Form.useWatch("calendarId", form);
  const save = useMutation({
    mutationFn: ({ values, fields }: { values: PolicyValues; fields: PolicyField[] }) =>
      unwrap(
        api.PATCH("/admin/sla-policies/{priority}", {
          params: {
            path: { priority: policy.priority as KnownPriority },
            query: { updateMask: fields.join(",") },
            header: { ...once(key), ...(base.etag && { "If-Match": base.etag }) },
          },
          body: values,
        }),
      ),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries(slaPoliciesQuery);
      onSaved(saved);
    },
    onError: async (error) => {
      if (error instanceof ApiError && error.isConflict) {
        const policies = await queryClient.fetchQuery({ ...slaPoliciesQuery, staleTime: 0 });
        setNewer(policies.find(({ priority }) => priority === policy.priority) ?? null);
        return;
      }
      const told = distribute(error, POLICY_FIELDS, "sla_policy");
      form.setFields(told.fieldErrors.map(({ name, errors }) => ({ name: name as [PolicyField], errors })));
      setRest(told.fieldErrors.length > 0 ? told.rest : []);
      // A refused attempt is over: the next one is another change.
      setKey(newKey());
    },
  });
  const submit = (values: PolicyValues) => {
    setRest([]);
    const fields = changedFields(valuesOf(base), values);
    return fields.length === 0 ? onClose() : save.mutate({ values, fields });
  };
  const settle = (theirs: readonly string[]) => {
    if (newer !== null) {
      const [before, now, mine] = [valuesOf(base), valuesOf(newer), form.getFieldsValue()];
      const touched = changedFields(before, mine).filter((field) => !theirs.includes(field));
      form.setFieldsValue({ ...now, ...Object.fromEntries(touched.map((field) => [field, mine[field]])) });
      setBase(newer);
      setNewer(null);
      setKey(newKey());
      save.reset();
    }
  };
  const isUnexplained = save.error !== null && newer === null && !isTold(save.error);
  return (
    <FormDrawer
      open
      onClose={onClose}
      size="min(560px, 100vw)"
      title={`Policy for ${wordOf(PRIORITIES, policy.priority).label}`}
      footer={
        <FormFoot>
          <Button type="primary" loading={save.isPending} disabled={newer !== null} onClick={() => form.submit()}>
            Save as version {Number(base.version ?? 0) + 1}
          </Button>
        </FormFoot>
      }
    >
      <Form<PolicyValues> form={form} layout="vertical" requiredMark="optional" initialValues={began} onFinish={submit}>
        <Unsaved isChanged={() => isEdited(began, form.getFieldsValue())} />
        <div className="policy-notices">
          {newer && (
            <ConflictChoice conflicts={conflictsOf(base, newer, form.getFieldsValue(), calendars)} onChoose={settle} />
          )}
          {isUnexplained && <ErrorNotice error={save.error} title="The policy was not changed" />}
          {rest.map((text) => (
            <Alert key={text} type="error" showIcon title={text} />
          ))}
        </div>
        <Form.Item
          name="responseTimeMinutes"
          label={POLICY_LABELS.responseTimeMinutes}
          required
          rules={[durationRule(1)]}
          extra="Until the first public message by staff"
        >
          <DurationField label={POLICY_LABELS.responseTimeMinutes} />
        </Form.Item>
        <Form.Item
          name="resolutionTimeMinutes"
          label={POLICY_LABELS.resolutionTimeMinutes}
          required
          dependencies={["responseTimeMinutes"]}
          rules={[
            durationRule(1),
            ({ getFieldValue }) => ({
              validator: (_, minutes: number) =>
                minutes > 0 && minutes < getFieldValue("responseTimeMinutes")
                  ? Promise.reject(new Error("Not shorter than the time to the first response."))
                  : Promise.resolve(),
            }),
          ]}
          extra={calendarId ? "A day here is 24 open hours of the calendar, not a working day" : undefined}
        >
          <DurationField label={POLICY_LABELS.resolutionTimeMinutes} />
        </Form.Item>
        <Form.Item
          name="escalationChain"
          label={POLICY_LABELS.escalationChain}
          required
          rules={[
            {
              validator: (_, chain: string[]) =>
                chain.length > 0 ? Promise.resolve() : Promise.reject(new Error("One role at least.")),
            },
          ]}
          extra="The first role gets the ticket, the next ones after each breach."
        >
          <EscalationChainField />
        </Form.Item>
        <Form.Item
          name="escalationIntervalMinutes"
          label={POLICY_LABELS.escalationIntervalMinutes}
          rules={[durationRule(0)]}
          extra="From one escalation to the next; nothing means the time to the first response"
        >
          <DurationField label={POLICY_LABELS.escalationIntervalMinutes} />
        </Form.Item>
        <Form.Item name="pausingStatuses" label={POLICY_LABELS.pausingStatuses}>
          <Checkbox.Group
            className="policy-pauses"
            options={PAUSING.map((status) => ({ value: status, label: STATUSES[status].label }))}
          />
        </Form.Item>
        <Form.Item name="calendarId" label={POLICY_LABELS.calendarId} required extra="The hours in which minutes count">
          <Select
            showSearch={{ optionFilterProp: "label" }}
            options={[
              { value: "", label: "24 × 7" },
              ...calendars.map(({ id = "", displayName }) => ({ value: id, label: displayName || id })),
            ]}
          />
        </Form.Item>
      </Form>
    </FormDrawer>
  );
}

/** Whether it is told beside the fields, or below the title as `rest`. */
function isTold(error: unknown): boolean {
  return distribute(error, POLICY_FIELDS, "sla_policy").fieldErrors.length > 0;
}

/** The fields that both changed, each in another way. */
function conflictsOf(base: SlaPolicy, newer: SlaPolicy, mine: PolicyValues, calendars: readonly Calendar[]) {
  const [before, theirs] = [valuesOf(base), valuesOf(newer)];
  const byThem = changedFields(before, theirs);
  const apart = changedFields(mine, theirs);
  return changedFields(before, mine)
    .filter((field) => byThem.includes(field) && apart.includes(field))
    .map((field) => ({
      field,
      label: POLICY_LABELS[field],
      mine: fieldWords(field, mine, calendars),
      theirs: fieldWords(field, theirs, calendars),
    }));
}
