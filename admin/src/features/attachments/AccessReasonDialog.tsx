import { Button, Flex, Form, Modal } from "antd";
import type { ReactNode } from "react";
import { ErrorNotice } from "@/ui/ErrorNotice";
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
  const { open, title, okText, busy, error, initialReason, onReason, onClose, children } = props;
  return (
    <Modal open={open} onCancel={onClose} title={title} footer={null} destroyOnHidden width={480}>
      <p style={{ marginTop: 0 }}>{children}</p>
      <Form<{ reason: string }>
        layout="vertical"
        requiredMark="optional"
        initialValues={{ reason: initialReason ?? "" }}
        disabled={busy}
        onFinish={({ reason }) => onReason(reason.trim())}
      >
        {error !== null && error !== undefined && (
          <div style={{ marginBottom: 16 }}>
            <ErrorNotice error={error} words={fileRefusal(error)} />
          </div>
        )}
        <ReasonField placeholder="Why you need it; kept in the audit" max={ACCESS_REASON_MAX} />
        <Flex gap={8} justify="end">
          <Button onClick={onClose} disabled={false}>
            Cancel
          </Button>
          <Button type="primary" htmlType="submit" loading={busy}>
            {okText}
          </Button>
        </Flex>
      </Form>
    </Modal>
  );
}
