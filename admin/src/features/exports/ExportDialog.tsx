import { useQuery } from "@tanstack/react-query";
import { App, Button, Checkbox, Form, Modal, Radio, Skeleton, theme } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { newKey } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { TicketFilter } from "@/api/schemas";
import { ROUTES } from "@/app/routes";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { sendByKey } from "@/ui/FormDialog";
import { useFocusReturn } from "@/ui/useFocusReturn";
import { filterWords } from "@/vocabulary/filterWords";
import { EXPORT_FORMATS, optionsOf } from "@/vocabulary/tickets";
import { ExportActions } from "./ExportActions";
import { ExportFacts } from "./ExportFacts";
import { ExportOutcome } from "./ExportOutcome";
import { ExportProgress } from "./ExportProgress";
import { ExportToast } from "./ExportToast";
import { type ExportChoice, exportCountQuery, exportJobQuery, useCreateExport } from "./exportQueries";
import { isRunning, numberOf } from "./progress";
import "./exports.css";

type Props = { filter: TicketFilter; open: boolean; onClose(): void };

/** Has a file made of the tickets that match, and shows how far it is. Closed, it goes on in a corner of the page. */
export function ExportDialog({ filter, open, onClose }: Props) {
  useFocusReturn();
  const [jobId, setJobId] = useState<string | null>(null);
  const { notification } = App.useApp();
  const navigate = useNavigate();
  const job = useQuery({ ...exportJobQuery(jobId ?? ""), enabled: open && jobId !== null }).data;
  const close = () => {
    if (jobId !== null && (job === undefined || isRunning(job))) {
      notification.open({
        key: `export-${jobId}`,
        title: "Export",
        description: <ExportToast jobId={jobId} />,
        // The header's buttons are at the top.
        placement: "bottomRight",
        duration: 0,
        actions: (
          <Button type="link" size="small" onClick={() => void navigate(ROUTES.exports)}>
            All exports
          </Button>
        ),
      });
    }
    onClose();
  };
  return (
    <Modal
      open={open}
      onCancel={close}
      footer={null}
      width={560}
      title="Export tickets"
      destroyOnHidden
      afterClose={() => setJobId(null)}
    >
      {jobId === null ? (
        <Choice filter={filter} onCancel={onClose} onStarted={setJobId} />
      ) : (
        <Running jobId={jobId} onClose={close} />
      )}
    </Modal>
  );
}

function Choice({
  filter,
  onCancel,
  onStarted,
}: {
  filter: TicketFilter;
  onCancel(): void;
  onStarted(jobId: string): void;
}) {
  const [key, setKey] = useState(newKey);
  const create = useCreateExport(filter);
  const start = (choice: ExportChoice) =>
    create.mutate(
      { choice, key },
      {
        onSuccess: ({ id = "" }) => onStarted(id),
        // An answer, though no job: what is tried next is another request.
        onError: (error) => error instanceof ApiError && !error.isTemporary && setKey(newKey()),
      },
    );
  return (
    <Form<ExportChoice>
      layout="vertical"
      initialValues={{ format: "EXPORT_FORMAT_CSV", includeMessages: false }}
      onFinish={start}
      onKeyDown={sendByKey}
      className="export-dialog-body"
    >
      {create.error !== null && <ErrorNotice error={create.error} />}
      <What filter={filter} />
      <Form.Item name="format" label="Format" style={{ marginBottom: 0 }}>
        <Radio.Group aria-label="Format" optionType="button" options={optionsOf(EXPORT_FORMATS)} />
      </Form.Item>
      <Form.Item
        name="includeMessages"
        valuePropName="checked"
        extra="Internal notes among them. Those of sensitive tickets come without their texts."
        style={{ marginBottom: 0 }}
      >
        <Checkbox>Include messages</Checkbox>
      </Form.Item>
      <div className="export-footer">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="primary" htmlType="submit" loading={create.isPending}>
          Export
        </Button>
      </div>
    </Form>
  );
}

/** What will be in the file: how many, and which, in words. */
function What({ filter }: { filter: TicketFilter }) {
  const { token } = theme.useToken();
  const count = useQuery(exportCountQuery(filter));
  const phrases = filterWords(filter);
  return (
    <div>
      {count.data === undefined ? (
        count.error === null ? (
          <Skeleton active title={{ width: 220 }} paragraph={false} />
        ) : (
          <span>How many tickets match could not be counted; the export has all of them.</span>
        )
      ) : (
        <strong>
          {count.data.isCapped
            ? `More than ${numberOf(count.data.total)} tickets, all of them`
            : count.data.total === 1
              ? "1 ticket"
              : `${numberOf(count.data.total)} tickets`}
        </strong>
      )}
      {phrases.length === 0 ? (
        <div style={{ color: token.colorTextSecondary }}>All that you may see, archived ones left out.</div>
      ) : (
        <ul className="export-phrases" aria-label="Which tickets">
          {phrases.map((phrase) => (
            <li key={phrase} style={{ background: token.colorFillSecondary }}>
              <bdi>{phrase}</bdi>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Running({ jobId, onClose }: { jobId: string; onClose(): void }) {
  const { data: job, error, refetch } = useQuery(exportJobQuery(jobId));
  return (
    <div className="export-dialog-body">
      {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {job !== undefined && (
        <>
          <ExportProgress job={job} />
          <ExportOutcome job={job} />
          <ExportFacts job={job} />
        </>
      )}
      <div className="export-footer">
        <Button onClick={onClose}>{job === undefined || isRunning(job) ? "Go on in the background" : "Close"}</Button>
        {job !== undefined && <ExportActions job={job} primary />}
      </div>
    </div>
  );
}
