import { Button, Form, Input, Select, Switch } from "antd";
import { useEffect, useState } from "react";
import { newKey } from "@/api/client";
import { ApiError, distribute } from "@/api/errors";
import type { Member } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormFoot, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { ROLES, STAFF_ROLES, wordOf } from "@/vocabulary/tickets";
import { MemberConflict } from "./MemberConflict";
import { draftOf, type MemberDraft, memberOf, NEW_MEMBER } from "./memberDraft";
import { readMember, useSaveMember } from "./memberQueries";

const FIELDS = Object.keys({ ...NEW_MEMBER, role: true });
const ROLE_OPTIONS = STAFF_ROLES.map((value) => ({ value, label: wordOf(ROLES, value).label }));
const MOST_FRANCHISES = 200;
const TAKEN = "There is a member with this user id already. Search for it in the table, and edit it.";
const PHONE = /^\+[1-9][\d\s()-]{6,20}$/;

/** A member as a form: a new one, or all of one that is there. */
export function MemberForm({ member, onDone }: { member: Member | null; onDone(saved: Member): void }) {
  const [form] = Form.useForm<MemberDraft>();
  const [began] = useState(() => (member === null ? NEW_MEMBER : draftOf(member)));
  const [key, setKey] = useState(newKey);
  const [etag, setEtag] = useState(member?.etag ?? null);
  const [conflict, setConflict] = useState<{ mine: MemberDraft; theirs: Member } | null>(null);
  const save = useSaveMember();
  const { error } = save;
  const isTaken = error instanceof ApiError && error.isTaken;
  const { fieldErrors, rest } = error === null ? { fieldErrors: [], rest: [] } : distribute(error, FIELDS, "member");
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each refusal; the rest follows from it
  useEffect(() => {
    const beside = isTaken ? [{ name: ["userId"], errors: [TAKEN] }] : fieldErrors;
    form.setFields(beside as Parameters<typeof form.setFields>[0]);
    if (beside[0]) {
      form.scrollToField(beside[0].name, { block: "center" });
    }
  }, [error]);

  const submit = (draft: MemberDraft) =>
    save.mutate(
      { userId: member?.userId ?? draft.userId.trim(), member: memberOf(draft), etag, key },
      {
        onSuccess: onDone,
        onError: async (refusal) => {
          if (!(refusal instanceof ApiError) || refusal.isTemporary) {
            return;
          }
          setKey(newKey());
          const theirs = refusal.isConflict && member?.userId ? await readMember(member.userId) : null;
          if (theirs !== null) {
            setConflict({ mine: draft, theirs });
          }
        },
      },
    );

  if (conflict !== null) {
    return (
      <>
        <Unsaved isChanged={() => isEdited(began, conflict.mine)} />
        <MemberConflict
          mine={conflict.mine}
          theirs={draftOf(conflict.theirs)}
          onResolve={(draft) => {
            setEtag(conflict.theirs.etag ?? null);
            setConflict(null);
            save.reset();
            form.setFieldsValue(draft);
          }}
        />
      </>
    );
  }
  return (
    <Form<MemberDraft>
      form={form}
      layout="vertical"
      requiredMark="optional"
      initialValues={began}
      onFinish={submit}
      disabled={save.isPending}
    >
      <Unsaved isChanged={() => isEdited(began, form.getFieldsValue(true))} />
      {error !== null && !isTaken && rest.length > 0 && (
        <div style={{ marginBottom: 12 }}>
          <ErrorNotice error={error} />
        </div>
      )}
      {member === null && (
        <Form.Item
          name="userId"
          label="User id"
          extra="As the identity provider has it in the token's “sub”. It cannot be changed later."
          rules={[
            { required: true, whitespace: true, message: "Say whose entry this is." },
            { max: 100, message: "100 characters at most." },
          ]}
        >
          <Input autoComplete="off" spellCheck={false} />
        </Form.Item>
      )}
      <Form.Item
        name="displayName"
        label="Name"
        rules={[
          { required: true, whitespace: true, message: "Give a name to show." },
          { max: 200, message: "200 characters at most." },
        ]}
      >
        <Input autoComplete="off" dir="auto" />
      </Form.Item>
      <Form.Item
        name="role"
        label="Role"
        extra="The queue whose tickets they can own. It gives them no rights; those come from their token."
        rules={[{ required: true, message: "Choose a role." }]}
      >
        <Select options={ROLE_OPTIONS} placeholder="Choose" />
      </Form.Item>
      <Form.Item
        name="franchiseIds"
        label="Franchises"
        extra="Ids such as FR-001; paste several with commas or spaces between."
        rules={[{ type: "array", max: MOST_FRANCHISES, message: `${MOST_FRANCHISES} at most.` }]}
      >
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", " ", "\n"]} placeholder="None" />
      </Form.Item>
      <Form.Item name="email" label="E-mail" rules={[{ type: "email", message: "This is no e-mail address." }]}>
        <Input type="email" autoComplete="off" placeholder="No e-mail is sent" />
      </Form.Item>
      <Form.Item
        name="phone"
        label="Phone for SMS"
        rules={[{ pattern: PHONE, message: "With its country code, such as +919812345678." }]}
      >
        <Input type="tel" autoComplete="off" placeholder="No SMS is sent" />
      </Form.Item>
      <Form.Item
        name="pushToken"
        label="Device token for push messages"
        extra={member === null ? undefined : "Never shown. Left empty, the present one is kept."}
      >
        <Input.Password autoComplete="new-password" placeholder={member === null ? "None" : "Keep the present one"} />
      </Form.Item>
      <Form.Item
        name="active"
        label="Active"
        required
        valuePropName="checked"
        extra="Who is not active can own no tickets and is told nothing."
      >
        <Switch />
      </Form.Item>
      <FormFoot>
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {member === null ? "Add member" : "Save"}
        </Button>
      </FormFoot>
    </Form>
  );
}
