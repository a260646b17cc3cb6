import { Button, Flex, Form } from "antd";
import { type ReactNode, useState } from "react";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { CancelButton, FormModal, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { ACCESS_REASON_MAX, ReasonField } from "@/ui/ReasonField";
import { fileRefusal } from "./uploadWords";

type AccessReasonDialogProps = {
  open: boolean;
  title: string;
  okText: string;
  busy: boolean;
  error: unknown;
  /** A reason that was given a moment ago, to go on with. */
  initialReason?: string | undefined;
  onReason(reason: string): void;
  onClose(): void;
  children: ReactNode;
};

/** Asks why protected files are needed. Each look is kept in the audit with what is said here. */
export function AccessReasonDialog(props: AccessReasonDialogProps) {
  const { open, title, onClose, children } = props;
  return (
    <FormModal open={open} onClose={onClose} title={title} footer={null} destroyOnHidden width={480}>
      <p style={{ marginTop: 0 }}>{children}</p>
      <AccessReasonForm {...props} />
    </FormModal>
  );
}

function AccessReasonForm({ okText, busy, error, initialReason = "", onReason }: AccessReasonDialogProps) {
  const [form] = Form.useForm<{ reason: string }>();
  const [began] = useState({ reason: initialReason });
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark="optional"
      initialValues={began}
      disabled={busy}
      onFinish={({ reason }) => onReason(reason.trim())}
    >
      <Unsaved isChanged={() => isEdited(began, form.getFieldsValue())} />
      {error !== null && error !== undefined && (
        <div style={{ marginBottom: 16 }}>
          <ErrorNotice error={error} words={fileRefusal(error)} />
        </div>
      )}
      <ReasonField placeholder="Why you need it; kept in the audit" max={ACCESS_REASON_MAX} />
      <Flex gap={8} justify="end">
        <CancelButton />
        <Button type="primary" htmlType="submit" loading={busy}>
          {okText}
        </Button>
      </Flex>
    </Form>
  );
}
