import { Form, Input } from "antd";
import { ApiError, distribute } from "@/api/errors";
import type { SavedView } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormModal, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { useFocusReturn } from "@/ui/useFocusReturn";
import { useViewChanges, type ViewChange } from "./savedViewQueries";

export const NAME_RULES = [{ required: true, whitespace: true, message: "Give it a name." }, { max: 100 }];

/** Another name for a view. */
export function RenameViewModal({
  view,
  onClose,
  onConflict,
}: {
  view: SavedView;
  onClose(): void;
  /** Somebody changed the view meanwhile; the change that was not made. */
  onConflict(change: ViewChange): void;
}) {
  useFocusReturn();
  const [form] = Form.useForm<{ name: string }>();
  const { update } = useViewChanges();
  const refusal = update.error === null ? null : distribute(update.error, ["name"], "saved_view");
  const submit = ({ name }: { name: string }) => {
    const change = { name: name.trim() };
    update.mutate(
      { view, change },
      {
        onSuccess: onClose,
        onError: (error) => {
          if (error instanceof ApiError && error.isConflict) {
            onClose();
            onConflict(change);
          } else {
            form.setFields(
              distribute(error, ["name"], "saved_view").fieldErrors.map(({ errors }) => ({ name: "name", errors })),
            );
          }
        },
      },
    );
  };
  return (
    <FormModal
      open
      title="Rename the view"
      okText="Rename"
      confirmLoading={update.isPending}
      onClose={onClose}
      onOk={form.submit}
    >
      {refusal && refusal.rest.length > 0 && <ErrorNotice error={update.error} />}
      <Form form={form} layout="vertical" requiredMark="optional" initialValues={{ name: view.name }} onFinish={submit}>
        <Unsaved isChanged={() => isEdited({ name: view.name }, form.getFieldsValue())} />
        <Form.Item name="name" label="Name" rules={NAME_RULES}>
          <Input autoFocus maxLength={100} />
        </Form.Item>
      </Form>
    </FormModal>
  );
}
