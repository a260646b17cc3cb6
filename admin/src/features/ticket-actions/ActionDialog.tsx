import { App, Button, Form, type FormInstance, theme } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { distribute } from "@/api/errors";
import type { Ticket } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { CancelButton, FormModal, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { ConflictNotice } from "./ConflictNotice";
import { type ChangeHeaders, useTicketChange } from "./useTicketChange";
import "./actions.css";

export type ActionDialogProps<Values extends object> = {
  ticket: Ticket;
  open: boolean;
  onClose(): void;
  title: string;
  okText: string;
  danger?: boolean;
  width?: number;
  /** Names of the form's fields: a refusal that names one is shown beside it. */
  fields: readonly (keyof Values & string)[];
  initialValues?: Partial<Values>;
  /** What the fields are below in the request: "ticket" for an update. */
  prefix?: string;
  send(values: Values, headers: ChangeHeaders, base: Ticket): Promise<Ticket>;
  /** What is said when it is done. */
  said(answer: Ticket): string;
  children: ReactNode | ((context: { form: FormInstance<Values>; base: Ticket }) => ReactNode);
};

/** A dialog that changes a ticket: a form, its refusals, and what somebody else changed meanwhile. */
export function ActionDialog<Values extends object>(props: ActionDialogProps<Values>) {
  const { ticket, open, onClose, title, width = 520 } = props;
  const { token } = theme.useToken();
  const body = useRef<HTMLDivElement>(null);
  return (
    <FormModal
      open={open}
      onClose={onClose}
      footer={null}
      destroyOnHidden
      width={width}
      styles={{ header: { marginBottom: 14 } }}
      afterOpenChange={(opened) => opened && focusFirst(body.current)}
      title={
        <>
          {title}
          <span className="action-dialog-subject" style={{ color: token.colorTextDescription }}>
            {ticket.id} · <bdi>{ticket.title}</bdi>
          </span>
        </>
      }
    >
      <div ref={body}>
        <ActionForm {...props} />
      </div>
    </FormModal>
  );
}

function ActionForm<Values extends object>({
  ticket,
  onClose,
  okText,
  danger = false,
  fields,
  initialValues,
  prefix = "",
  send,
  said,
  children,
}: ActionDialogProps<Values>) {
  const { message } = App.useApp();
  const { token } = theme.useToken();
  const [form] = Form.useForm<Values>();
  const [began] = useState<object>(initialValues ?? {});
  const { base, submit, busy, changed, error } = useTicketChange<Values>(ticket, send, (answer) => {
    void message.success(said(answer));
    onClose();
  });
  const told = error === null ? null : distribute(error, fields, prefix);
  useEffect(() => {
    if (error !== null) {
      form.setFields(distribute(error, fields, prefix).fieldErrors as Parameters<typeof form.setFields>[0]);
    }
  }, [error, fields, prefix, form]);
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      requiredMark="optional"
      disabled={busy}
      onFinish={submit}
      {...(initialValues && { initialValues: initialValues as Values })}
    >
      {(changed !== null || (told !== null && told.rest.length > 0)) && (
        <div className="action-dialog-notices">
          {changed !== null && <ConflictNotice changed={changed} />}
          {told !== null && told.rest.length > 0 && <ErrorNotice error={error} />}
        </div>
      )}
      <Unsaved isChanged={() => isEdited(began, form.getFieldsValue(true))} />
      {typeof children === "function" ? children({ form, base }) : children}
      <div className="action-dialog-footer">
        <span className="action-dialog-hint" style={{ color: token.colorTextDescription }}>
          Ctrl + Enter
        </span>
        <CancelButton />
        <Button type="primary" htmlType="submit" danger={danger} loading={busy}>
          {changed === null ? okText : `${okText} all the same`}
        </Button>
      </div>
    </Form>
  );
}

/** A dialog takes the focus to its close button; people come to write. */
export function focusFirst(container: HTMLElement | null): void {
  container
    ?.querySelector<HTMLElement>("input:not([type=radio], [type=file], [disabled]), textarea:not([disabled])")
    ?.focus();
}
