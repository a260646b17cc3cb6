import { Alert, Button, Form, Progress, Table } from "antd";
import { Link } from "react-router";
import { ROUTES } from "@/app/routes";
import { errorWords } from "@/features/bulk/bulkResults";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { CancelButton, FormModal, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { ReasonField } from "@/ui/ReasonField";
import { useFocusReturn } from "@/ui/useFocusReturn";
import { PRIORITIES, wordOf } from "@/vocabulary/tickets";
import type { KnownPriority } from "./slaPolicies";
import { type Run, useReapply } from "./useReapply";
import "./sla-policies.css";

const NUMBER = new Intl.NumberFormat("en-IN");

/** Gives the open tickets of a priority the newest version of their policy and calendar: a dry run first. For admins. */
export function ReapplyDialog({ priority, onClose }: { priority: KnownPriority; onClose(): void }) {
  useFocusReturn();
  const [form] = Form.useForm<{ reason: string }>();
  const { run, check, apply, stop } = useReapply(priority);
  const isRunning = run.phase === "checking" || run.phase === "applying";
  const name = wordOf(PRIORITIES, priority).label;
  const begin = async (then: (reason: string) => void) => {
    const values = await form.validateFields().catch(() => null);
    if (values !== null) {
      then(values.reason.trim());
    }
  };
  const isChecked = run.phase === "checked" && run.succeeded > 0;
  return (
    <FormModal
      open
      onClose={onClose}
      title={`Re-apply the policy to open tickets of ${name} priority`}
      footer={
        <>
          {isRunning ? (
            <Button onClick={stop}>Stop</Button>
          ) : run.phase === "done" ? (
            <Button onClick={onClose}>Close</Button>
          ) : (
            <CancelButton />
          )}
          {run.phase !== "done" && (
            <Button
              type={isChecked ? "default" : "primary"}
              loading={run.phase === "checking"}
              disabled={isRunning}
              onClick={() => void begin(check)}
            >
              {isChecked ? "Check again" : "Check what would happen"}
            </Button>
          )}
          {(isChecked || run.phase === "applying") && (
            <Button type="primary" loading={run.phase === "applying"} onClick={() => void begin(apply)}>
              Re-apply to {NUMBER.format(run.phase === "applying" ? run.total : run.succeeded)}
            </Button>
          )}
        </>
      }
    >
      {run.phase !== "done" && <Unsaved isChanged={() => isEdited({}, form.getFieldsValue())} />}
      <div className="policy-notices">
        <p>
          Their deadlines are counted anew by the newest version, pauses kept. Deadlines may move either way;
          escalations that were made stay made.
        </p>
        <Form form={form} layout="vertical" requiredMark="optional" disabled={isRunning}>
          <ReasonField />
        </Form>
        <div aria-live="polite">
          <Outcome run={run} />
        </div>
      </div>
    </FormModal>
  );
}

function Outcome({ run }: { run: Run }) {
  if (run.phase === "idle") {
    return null;
  }
  const isRunning = run.phase === "checking" || run.phase === "applying";
  const verb = run.validateOnly ? "can be changed" : "changed";
  const words = `${NUMBER.format(run.succeeded)} ${verb}${
    run.failures.length > 0 ? `, ${NUMBER.format(run.failures.length)} not` : ""
  }`;
  return (
    <div className="policy-notices">
      {isRunning && (
        <Progress
          percent={run.total === 0 ? 0 : Math.floor((100 * run.done) / run.total)}
          format={() => `${NUMBER.format(run.done)} / ${NUMBER.format(run.total)}${run.isTotalCapped ? "+" : ""}`}
          aria-label="Tickets looked at"
        />
      )}
      {run.phase === "failed" && (
        <ErrorNotice
          error={run.error}
          title={run.done > 0 ? `It broke off after ${NUMBER.format(run.done)}` : "It was refused"}
        />
      )}
      {run.phase === "stopped" && <Alert type="warning" showIcon title={`Stopped: ${words}.`} />}
      {(run.phase === "checked" || run.phase === "done") && (
        <Alert
          showIcon
          type={run.phase === "done" ? "success" : "info"}
          title={run.done === 0 ? "There are no open tickets of this priority." : `${words}.`}
        />
      )}
      {run.failures.length > 0 && <Failures run={run} />}
    </div>
  );
}

function Failures({ run }: { run: Run }) {
  return (
    <Table
      size="small"
      aria-label="Tickets that are not changed"
      rowKey="ticketId"
      dataSource={run.failures}
      pagination={run.failures.length > 10 ? { pageSize: 10, size: "small", showSizeChanger: false } : false}
      columns={[
        {
          title: "Ticket",
          dataIndex: "ticketId",
          render: (id: string) => <Link to={ROUTES.ticket(id)}>{id}</Link>,
        },
        { title: "Why not", render: (_, { error }) => errorWords(error) },
      ]}
    />
  );
}
