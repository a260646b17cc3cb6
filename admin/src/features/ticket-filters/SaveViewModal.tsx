import { Checkbox, Form, Input } from "antd";
import { useCaller } from "@/api/caller";
import { distribute } from "@/api/errors";
import type { SavedView } from "@/api/schemas";
import { type ListAddress, wholeFilter } from "@/features/ticket-list/listAddress";
import { ORDERS } from "@/features/ticket-list/ticketOrders";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormModal, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { useFocusReturn } from "@/ui/useFocusReturn";
import { wordsOf } from "./filterWords";
import { NAME_RULES } from "./RenameViewModal";
import { useViewChanges } from "./savedViewQueries";

type Values = { name: string; isShared?: boolean };

/** Keeps what the list shows under a name. */
export function SaveViewModal({
  address,
  onClose,
  onSaved,
}: {
  address: ListAddress;
  onClose(): void;
  onSaved(view: SavedView): void;
}) {
  useFocusReturn();
  const [form] = Form.useForm<Values>();
  const { userId = "" } = useCaller();
  const { create } = useViewChanges();
  const filter = wholeFilter(address);
  const words = wordsOf(filter, userId);
  const refusal = create.error === null ? null : distribute(create.error, ["name"], "saved_view");
  const submit = ({ name, isShared = false }: Values) =>
    create.mutate(
      { name: name.trim(), isShared, filter, orderBy: address.order },
      {
        onSuccess: onSaved,
        onError: (error) =>
          form.setFields(
            distribute(error, ["name"], "saved_view").fieldErrors.map(({ errors }) => ({ name: "name", errors })),
          ),
      },
    );
  return (
    <FormModal
      open
      title="Save as a view"
      okText="Save"
      confirmLoading={create.isPending}
      onClose={onClose}
      onOk={form.submit}
    >
      {refusal && refusal.rest.length > 0 && <ErrorNotice error={create.error} />}
      <p>
        {words.length === 0
          ? "All tickets"
          : words.map(({ field, label, value }, index) => (
              <span key={field}>
                {index > 0 && " · "}
                {label}: {value}
              </span>
            ))}
        {" · "}
        {ORDERS[address.order]}
      </p>
      <Form form={form} layout="vertical" requiredMark="optional" onFinish={submit}>
        <Unsaved isChanged={() => isEdited({}, form.getFieldsValue())} />
        <Form.Item name="name" label="Name" rules={NAME_RULES}>
          <Input autoFocus maxLength={100} placeholder="Urgent and unassigned" />
        </Form.Item>
        <Form.Item name="isShared" valuePropName="checked" style={{ marginBottom: 0 }}>
          <Checkbox>Share with all staff</Checkbox>
        </Form.Item>
      </Form>
    </FormModal>
  );
}
