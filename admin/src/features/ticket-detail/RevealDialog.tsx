import { Button, Flex, Form } from "antd";
import { useState } from "react";
import { distribute } from "@/api/errors";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { CancelButton, FormModal, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { ACCESS_REASON_MAX, ReasonField } from "@/ui/ReasonField";

/** Asks why protected data is needed. What is typed is sent as it is and kept in the audit. */
export function RevealDialog({
  open,
  ticketId,
  before,
  onView,
  onClose,
}: {
  open: boolean;
  ticketId: string;
  /** The reason of the last view, to begin with. */
  before: string | undefined;
  onView(reason: string): Promise<void>;
  onClose(): void;
}) {
  return (
    <FormModal open={open} onClose={onClose} footer={null} destroyOnHidden title={`View protected data of ${ticketId}`}>
      <RevealForm before={before} onView={onView} onClose={onClose} />
    </FormModal>
  );
}

function RevealForm({
  before,
  onView,
  onClose,
}: {
  before: string | undefined;
  onView(reason: string): Promise<void>;
  onClose(): void;
}) {
  const [form] = Form.useForm<{ reason: string }>();
  const [began] = useState({ reason: before ?? "" });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const view = async ({ reason }: { reason: string }) => {
    setBusy(true);
    setError(null);
    try {
      await onView(reason.trim());
      onClose();
    } catch (refusal) {
      const { fieldErrors, rest } = distribute(refusal, ["accessReason"]);
      form.setFields(fieldErrors.map(({ errors }) => ({ name: "reason", errors })));
      setError(rest.length > 0 ? refusal : null);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={began}
      onFinish={(values) => void view(values)}
    >
      <Unsaved isChanged={() => isEdited(began, form.getFieldsValue())} />
      <p>It is shown in this panel until you close it. That you looked, and why, is kept in the audit.</p>
      {error ? <ErrorNotice error={error} /> : null}
      <ReasonField label="Why you need it" max={ACCESS_REASON_MAX} />
      <Flex justify="end" gap={8}>
        <CancelButton />
        <Button type="primary" htmlType="submit" loading={busy}>
          View
        </Button>
      </Flex>
    </Form>
  );
}
