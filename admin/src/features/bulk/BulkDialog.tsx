import { Alert, Button, Form, Spin, Steps } from "antd";
import { useEffect, useState } from "react";
import { distribute } from "@/api/errors";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { CancelButton, FormModal, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { ReasonField } from "@/ui/ReasonField";
import { filterWords } from "@/vocabulary/filterWords";
import { BulkResults } from "./BulkResults";
import { type BulkScope, CHANGES, type ChangeForm } from "./bulkChange";
import { idsWith, unchangedIds } from "./bulkResults";
import { ChangeFields } from "./ChangeFields";
import type { BulkFlow } from "./useBulkFlow";
import { mayHaveHappened } from "./useBulkUpdate";
import "./bulk.css";

const STEPS = ["change", "check", "results"] as const;
const PREFIXES: Readonly<Partial<Record<ChangeForm["kind"], string>>> = {
  assign: "assign",
  transition: "transition",
  tags: "tags",
};
const FIELDS = [
  "ownerRole",
  "ownerId",
  "assignedFranchiseId",
  "status",
  "resolutionSummary",
  "priority",
  "add",
  "remove",
  "reason",
];

type Props = {
  flow: BulkFlow;
  open: boolean;
  /** Closed; what has run goes on, and its results stay with the flow. */
  onClose(): void;
  /** All is done and looked at. */
  onDone(): void;
  onSelect?: ((ids: readonly string[]) => void) | undefined;
};

/** A change of many tickets: what, what would become of each, what became of each. */
export function BulkDialog({ flow, open, onClose, onDone, onSelect }: Props) {
  const { step } = flow;
  return (
    <FormModal
      open={open}
      onClose={onClose}
      footer={null}
      width={760}
      title={`${CHANGES[flow.form.kind].label}: ${scopeWords(flow.scope)}`}
      destroyOnHidden
    >
      <div className="bulk-dialog-body">
        <Steps
          size="small"
          responsive={false}
          current={STEPS.indexOf(step)}
          items={[{ title: "Change" }, { title: "Check" }, { title: "Results" }]}
        />
        {step === "change" && <ChangeStep flow={flow} />}
        {step === "check" && <CheckStep flow={flow} />}
        {step === "results" && <ResultsStep flow={flow} onDone={onDone} onSelect={onSelect} />}
      </div>
    </FormModal>
  );
}

function ChangeStep({ flow }: { flow: BulkFlow }) {
  const [form] = Form.useForm<ChangeForm>();
  // Once the check was asked for, what the form begins with is what somebody entered.
  const [isEntered] = useState(flow.form.reason !== undefined);
  const [began] = useState<ChangeForm>({ franchise: "keep", ...flow.form });
  const { error, isPending } = flow.check;
  const { fieldErrors, rest } =
    error === null ? { fieldErrors: [], rest: [] } : distribute(error, FIELDS, PREFIXES[flow.form.kind] ?? "");
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each refusal; the rest follows from it
  useEffect(() => {
    form.setFields(fieldErrors as Parameters<typeof form.setFields>[0]);
  }, [error]);
  return (
    <Form<ChangeForm>
      form={form}
      layout="vertical"
      requiredMark="optional"
      initialValues={began}
      onFinish={flow.submit}
      disabled={isPending}
    >
      <Unsaved isChanged={() => isEntered || isEdited(began, form.getFieldsValue(true))} />
      {error !== null && rest.length > 0 && (
        <div style={{ marginBottom: 12 }}>
          <ErrorNotice error={error} />
        </div>
      )}
      {"filter" in flow.scope && (
        <Alert
          type="info"
          showIcon
          style={{ marginBottom: 12 }}
          title={`All that match: ${filterWords(flow.scope.filter).join(" · ")}`}
          description="The check says which ones these are; those, and no others, are changed then."
        />
      )}
      <ChangeFields />
      <ReasonField />
      <div className="bulk-bar-actions" style={{ justifyContent: "flex-end" }}>
        <CancelButton />
        <Button type="primary" htmlType="submit" loading={isPending}>
          Check what would happen
        </Button>
      </div>
    </Form>
  );
}

function CheckStep({ flow }: { flow: BulkFlow }) {
  const passing = idsWith(flow.rows, "done").length;
  const failing = flow.rows.length - passing;
  return (
    <>
      <Unsaved isChanged={always} />
      <Alert
        type={failing === 0 ? "success" : passing === 0 ? "error" : "warning"}
        showIcon
        title={
          flow.rows.length === 0
            ? "No ticket matches any more."
            : `${passing} of ${flow.rows.length} would be changed${failing > 0 ? `, ${failing} would fail and ${failing === 1 ? "is" : "are"} left out` : ""}. Nothing is done yet.`
        }
      />
      <BulkResults rows={flow.rows} isCheck />
      <div className="bulk-bar-actions" style={{ justifyContent: "flex-end" }}>
        <Button onClick={flow.back}>Back</Button>
        <Button onClick={() => flow.submit(flow.form)} loading={flow.check.isPending}>
          Check again
        </Button>
        <Button type="primary" disabled={passing === 0 || flow.check.isPending} onClick={flow.start}>
          {CHANGES[flow.form.kind].label}: {tickets(passing)}
        </Button>
      </div>
    </>
  );
}

function ResultsStep({ flow, onDone, onSelect }: Pick<Props, "flow" | "onDone" | "onSelect">) {
  const { isPending, error } = flow.run;
  if (isPending) {
    return (
      <div style={{ padding: "40px 0", textAlign: "center" }} role="status">
        <Spin />
        <p>Changing the tickets. You may close this: it goes on, and the results stay at the foot of the list.</p>
      </div>
    );
  }
  if (error !== null) {
    return (
      <>
        <ErrorNotice
          error={error}
          title={mayHaveHappened(error) ? "There was no answer, so it is not known whether it was done" : "Refused"}
        />
        {mayHaveHappened(error) && <p>Trying again is safe: no ticket is changed twice.</p>}
        <div className="bulk-bar-actions" style={{ justifyContent: "flex-end" }}>
          {!mayHaveHappened(error) && <Button onClick={flow.back}>Back</Button>}
          <Button type="primary" onClick={flow.again}>
            Try again
          </Button>
        </div>
      </>
    );
  }
  const unchanged = unchangedIds(flow.rows);
  const changed = flow.rows.length - unchanged.length;
  return (
    <>
      <Alert
        role="status"
        type={unchanged.length === 0 ? "success" : "warning"}
        showIcon
        title={`${changed} of ${tickets(flow.rows.length)} changed${unchanged.length > 0 ? `, ${unchanged.length} not` : ""}.`}
      />
      <BulkResults rows={flow.rows} isCheck={false} />
      <div className="bulk-bar-actions" style={{ justifyContent: "flex-end" }}>
        {unchanged.length > 0 && (
          <>
            {onSelect && <Button onClick={() => onSelect(unchanged)}>Select only these {unchanged.length}</Button>}
            <Button onClick={() => flow.retryFailed(unchanged)}>Try the {unchanged.length} again</Button>
          </>
        )}
        <Button type="primary" onClick={onDone}>
          Done
        </Button>
      </div>
    </>
  );
}

/** What is checked was entered before, and not sent yet. */
function always(): boolean {
  return true;
}

function scopeWords(scope: BulkScope): string {
  return "ids" in scope ? tickets(scope.ids.length) : "all that match";
}

function tickets(count: number): string {
  return count === 1 ? "1 ticket" : `${count} tickets`;
}
