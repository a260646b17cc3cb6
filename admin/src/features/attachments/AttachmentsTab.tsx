import { LockOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Empty, Skeleton } from "antd";
import { useState } from "react";
import { useAccessReason } from "@/api/accessReason";
import type { Attachment, Ticket } from "@/api/schemas";
import { ticketActionsQuery } from "@/api/tickets";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { AccessReasonDialog } from "./AccessReasonDialog";
import { AttachmentRow } from "./AttachmentRow";
import { attachmentsQuery } from "./attachmentsQuery";
import { DropZone } from "./DropZone";
import { ImagePreview, type Look } from "./ImagePreview";
import { UploadList } from "./UploadList";
import { UploadNews } from "./UploadNews";
import { useDownload } from "./useDownload";
import { useUploads } from "./useUploads";
import "./attachments.css";

/** The files of a ticket, and where new ones are added. */
export function AttachmentsTab({ ticket }: { ticket: Ticket }) {
  const id = ticket.id ?? "";
  const { data: offer } = useQuery(ticketActionsQuery(id));
  const mayAdd = offer?.actions?.includes("TICKET_ACTION_ADD_MESSAGE") ?? false;
  const queue = useUploads(id);
  const [sensitive, setSensitive] = useState(false);
  return (
    <div className="attachments">
      {mayAdd && (
        <DropZone onFiles={(files) => queue.add(files, { sensitive })}>
          {ticket.isSensitive ? (
            <small>
              <LockOutlined aria-hidden /> The ticket is sensitive, and so is every file of it.
            </small>
          ) : (
            <Checkbox checked={sensitive} onChange={({ target }) => setSensitive(target.checked)}>
              They hold personal data: downloads need a reason
            </Checkbox>
          )}
        </DropZone>
      )}
      {ticket.archived && <Alert type="info" showIcon title="An archived ticket takes no files." />}
      <UploadNews uploads={queue.uploads} />
      <UploadList {...queue} uploads={queue.uploads.filter(({ state }) => state !== "done")} />
      <Files id={id} uploading={queue.uploads.map(({ file }) => file.name)} mayAdd={mayAdd} />
    </div>
  );
}

function Files({ id, uploading, mayAdd }: { id: string; uploading: readonly string[]; mayAdd: boolean }) {
  const reasonOfView = useAccessReason();
  const [ownReason, setReason] = useState<string>();
  const reason = ownReason ?? reasonOfView;
  const [asking, setAsking] = useState(false);
  const [look, setLook] = useState<Look | null>(null);
  const [askingFor, setAskingFor] = useState<Attachment | null>(null);
  const [reasonOfLook, setReasonOfLook] = useState<string>();
  const { download, busyId, dialog } = useDownload();
  const plain = useInfiniteQuery(attachmentsQuery(id));
  const revealed = useInfiniteQuery({ ...attachmentsQuery(id, reason ?? ""), enabled: reason !== undefined });
  // What was revealed names files; the plain list, asked for again, knows of new ones.
  const names = new Map(revealed.data?.pages.flatMap((page) => page.attachments ?? []).map((each) => [each.id, each]));
  const files = plain.data?.pages
    .flatMap((page) => page.attachments ?? [])
    .map((each) => names.get(each.id) ?? each)
    .filter((each) => each.state === "ATTACHMENT_STATE_READY" || !uploading.includes(each.fileName ?? ""));
  const revealing = reason !== undefined && revealed.isFetching;
  const lookAt = (attachment: Attachment, because: string) => {
    setAskingFor(null);
    setLook({ attachment, reason: because, serial: crypto.randomUUID() });
  };
  const preview = (attachment: Attachment) => {
    const known = reasonOfLook ?? reason;
    if (!attachment.isSensitive) {
      setLook({ attachment });
    } else if (known === undefined) {
      setAskingFor(attachment);
    } else {
      lookAt(attachment, known);
    }
  };
  if (plain.isPending) {
    return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  }
  if (files === undefined) {
    return <ErrorNotice error={plain.error} title="The files cannot be shown" onRetry={() => void plain.refetch()} />;
  }
  return (
    <>
      {files.some(({ redacted }) => redacted) && (
        <Alert
          type="warning"
          showIcon
          icon={<LockOutlined aria-hidden />}
          title="Names of sensitive files are withheld"
          action={
            <Button size="small" loading={revealing} onClick={() => setAsking(true)}>
              View names
            </Button>
          }
        />
      )}
      {files.length === 0 ? (
        <Empty
          image={Empty.PRESENTED_IMAGE_SIMPLE}
          description={mayAdd ? "No files yet. Drop the first one above." : "No files."}
        />
      ) : (
        <ul className="file-list" aria-label="Files">
          {files.map((each) => (
            <AttachmentRow
              key={each.id}
              attachment={each}
              busy={busyId === each.id}
              onDownload={download}
              onPreview={preview}
            />
          ))}
        </ul>
      )}
      {plain.hasNextPage && (
        <Button loading={plain.isFetchingNextPage} onClick={() => void plain.fetchNextPage()}>
          More files
        </Button>
      )}
      <AccessReasonDialog
        open={asking && (reason === undefined || revealed.data === undefined)}
        title="View names of sensitive files"
        okText="View names"
        busy={revealing}
        error={revealed.error}
        initialReason={reason}
        onReason={(given) => (given === reason ? void revealed.refetch() : setReason(given))}
        onClose={() => setAsking(false)}
      >
        Names can hold personal data. That you looked, and why, is kept in the audit.
      </AccessReasonDialog>
      <AccessReasonDialog
        open={askingFor !== null}
        title="Look at a sensitive picture"
        okText="Show preview"
        busy={false}
        error={null}
        onReason={(given) => {
          setReasonOfLook(given);
          if (askingFor !== null) {
            lookAt(askingFor, given);
          }
        }}
        onClose={() => setAskingFor(null)}
      >
        It may hold personal data. That you looked, and why, is kept in the audit, for each picture that you look at.
      </AccessReasonDialog>
      <ImagePreview look={look} onClose={() => setLook(null)} onDownload={download} />
      {dialog}
    </>
  );
}
