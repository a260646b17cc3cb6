import { Button, Flex, Form, Modal } from "antd";
import { useState } from "react";
import { distribute } from "@/api/errors";
import { ErrorNotice } from "@/ui/ErrorNotice";
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
    <Modal open={open} onCancel={onClose} footer={null} destroyOnHidden title={`View protected data of ${ticketId}`}>
      <RevealForm before={before} onView={onView} onClose={onClose} />
    </Modal>
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
      initialValues={{ reason: before ?? "" }}
      onFinish={(values) => void view(values)}
    >
      <p>It is shown in this panel until you close it. That you looked, and why, is kept in the audit.</p>
      {error ? <ErrorNotice error={error} /> : null}
      <ReasonField label="Why you need it" max={ACCESS_REASON_MAX} />
      <Flex justify="end" gap={8}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="primary" htmlType="submit" loading={busy}>
          View
        </Button>
      </Flex>
    </Form>
  );
}
