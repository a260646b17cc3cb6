import { Form, Input, Radio, Select } from "antd";
import { useEffect, useRef } from "react";
import { usePermission } from "@/api/caller";
import type { TicketFilter } from "@/api/schemas";
import { MemberField } from "@/features/ticket-create/MemberField";
import { LINKED_TYPES, optionsOf, ROLES, STAFF_ROLES, wordOf } from "@/vocabulary/tickets";
import { compact } from "./filterParams";
import { RangeField } from "./RangeField";
import { DUE_PRESETS, PAST_PRESETS } from "./rangePresets";
import { TermsField } from "./TermsField";

/** Typing is told when it pauses for that long; choices at once. */
const TYPING_MS = 350;
const TYPED: ReadonlySet<string> = new Set(["text", "linkedId", "createdById"]);

/** A form with every field of the filter; told at once, but for what is typed, which is told when typing pauses. */
export function FilterForm({ value, onChange }: { value: TicketFilter; onChange(filter: TicketFilter): void }) {
  const [form] = Form.useForm<TicketFilter>();
  const isStaff = usePermission("PERMISSION_STAFF");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const waiting = useRef<TicketFilter | undefined>(undefined);
  useEffect(() => {
    // While somebody types, what they type is ahead of the address.
    if (waiting.current === undefined) {
      form.setFieldsValue({ ...EMPTY, ...value });
    }
  }, [form, value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const told = (next: TicketFilter) => {
    clearTimeout(timer.current);
    waiting.current = undefined;
    onChange(next);
  };
  const changed = (changes: Partial<TicketFilter>) => {
    const merged = compact({ ...value, ...waiting.current, ...changes });
    const next = merged.linkedType ? merged : omitLinkedId(merged);
    clearTimeout(timer.current);
    if (Object.keys(changes).some((field) => TYPED.has(field))) {
      waiting.current = { ...waiting.current, ...changes };
      timer.current = setTimeout(() => told(next), TYPING_MS);
    } else {
      told(next);
    }
  };
  const linkedType = Form.useWatch("linkedType", form);
  return (
    <Form form={form} layout="vertical" onValuesChange={changed} preserve={false}>
      <Form.Item name="text" label="Words in title or description" extra={'All of them; "exact phrase", or, -not'}>
        <Input allowClear maxLength={500} placeholder="payment not received" />
      </Form.Item>
      {isStaff && (
        <>
          <Form.Item name="ownerId" label="Owner">
            <MemberField placeholder="Anybody" />
          </Form.Item>
          <Form.Item name="ownerRoles" label="In the queue of">
            <Select
              mode="multiple"
              allowClear
              placeholder="Any role"
              options={STAFF_ROLES.map((role) => ({ value: role, label: wordOf(ROLES, role).label }))}
              optionFilterProp="label"
            />
          </Form.Item>
        </>
      )}
      <Form.Item name="unassigned" label="Owned by a person">
        <Radio.Group
          aria-label="Owned by a person"
          optionType="button"
          options={[
            { value: undefined, label: "Either" },
            { value: false, label: "Yes" },
            { value: true, label: "No" },
          ]}
        />
      </Form.Item>
      <div className="more-filters-pair">
        <Form.Item name="linkedType" label="Linked to">
          <Select allowClear placeholder="Anything" options={optionsOf(LINKED_TYPES)} />
        </Form.Item>
        <Form.Item name="linkedId" label="Its id">
          <Input allowClear maxLength={100} disabled={!linkedType} placeholder="BKG-123" />
        </Form.Item>
      </div>
      <Form.Item name="franchiseIds" label="Franchise">
        <TermsField kind="TERM_KIND_FRANCHISE_ID" placeholder="Any" />
      </Form.Item>
      <Form.Item name="tagsAny" label="Any of these tags">
        <TermsField kind="TERM_KIND_TAG" placeholder="Any" />
      </Form.Item>
      <Form.Item name="tagsAll" label="All of these tags">
        <TermsField kind="TERM_KIND_TAG" placeholder="None needed" />
      </Form.Item>
      <Form.Item name="due" label="Due">
        <RangeField label="Due" presets={DUE_PRESETS} />
      </Form.Item>
      <Form.Item name="created" label="Created">
        <RangeField label="Created" presets={PAST_PRESETS} />
      </Form.Item>
      <Form.Item name="updated" label="Changed">
        <RangeField label="Changed" presets={PAST_PRESETS} />
      </Form.Item>
      <Form.Item name="createdById" label="Created by" extra="A user id; outside users are not in the directory.">
        <Input allowClear maxLength={100} placeholder="Anybody" />
      </Form.Item>
      <Form.Item name="sensitive" label="Sensitive">
        <Radio.Group
          aria-label="Sensitive"
          optionType="button"
          options={[
            { value: undefined, label: "Either" },
            { value: true, label: "Only" },
            { value: false, label: "Left out" },
          ]}
        />
      </Form.Item>
      <Form.Item
        name="archived"
        label="Archived"
        getValueProps={(archived?: boolean) => ({ value: archived ?? false })}
      >
        <Radio.Group
          aria-label="Archived"
          optionType="button"
          options={[
            { value: false, label: "Left out" },
            { value: true, label: "Only" },
          ]}
        />
      </Form.Item>
    </Form>
  );
}

/** Form fields keep what they have unless they are told otherwise. */
const EMPTY: Readonly<Record<keyof TicketFilter, undefined>> = {
  statuses: undefined,
  priorities: undefined,
  ownerId: undefined,
  ownerRoles: undefined,
  unassigned: undefined,
  franchiseIds: undefined,
  linkedType: undefined,
  linkedId: undefined,
  createdById: undefined,
  tagsAny: undefined,
  tagsAll: undefined,
  slaStatuses: undefined,
  created: undefined,
  updated: undefined,
  due: undefined,
  archived: undefined,
  sensitive: undefined,
  text: undefined,
};

function omitLinkedId({ linkedId: _, ...rest }: TicketFilter): TicketFilter {
  return rest;
}
