import { useInfiniteQuery } from "@tanstack/react-query";
import { Alert, Button, Empty, Grid, Skeleton, Table, type TableColumnsType, Typography, theme } from "antd";
import { useAccessReason } from "@/api/accessReason";
import type { AuditEntry } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { UserName } from "@/ui/UserName";
import { preciseDateTime } from "@/vocabulary/time";
import { actorWords, changesOf } from "./auditWords";
import { ChangeList } from "./ChangeList";
import { auditQuery } from "./detailQueries";
import { VerifyAudit } from "./VerifyAudit";
import "./audit.css";

const SHOWN_VALUES = 5;

const COLUMNS: TableColumnsType<AuditEntry> = [
  { title: "No.", dataIndex: "chainNo", width: 52, align: "end" },
  {
    title: "When, who",
    width: 184,
    render: (_, entry) => (
      <>
        <Who entry={entry} />
        <When entry={entry} />
      </>
    ),
  },
  { title: "What", render: (_, entry) => <What entry={entry} /> },
  { title: "From", width: 118, render: (_, entry) => <Origin entry={entry} /> },
];

/** Every row of the audit trail, nobody having been able to edit it, and the check that nobody has. */
export function AuditTab({ ticketId, onView }: { ticketId: string; onView: (() => void) | undefined }) {
  const reason = useAccessReason();
  const narrow = !(Grid.useBreakpoint().md ?? true);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    auditQuery(ticketId, reason),
  );
  const entries = data?.pages.flatMap((page) => page.auditEntries ?? []) ?? [];
  return (
    <div className="audit">
      <VerifyAudit ticketId={ticketId} />
      {entries.some(({ redacted }) => redacted) && onView && (
        <Alert
          type="info"
          showIcon
          title="Protected values and hashes are withheld"
          action={
            <Button size="small" onClick={onView}>
              View protected data
            </Button>
          }
        />
      )}
      {error && <ErrorNotice error={error} title="The audit cannot be read now" onRetry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton active paragraph={{ rows: 8 }} />}
      {data && (
        <Table<AuditEntry>
          size="small"
          rowKey="id"
          pagination={false}
          columns={narrow ? [{ title: "Rows", render: (_, entry) => <Card entry={entry} /> }] : COLUMNS}
          dataSource={entries}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description="No rows" /> }}
        />
      )}
      {hasNextPage && (
        <Button block loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more{reason !== undefined && ", which is written down too"}
        </Button>
      )}
    </div>
  );
}

function Card({ entry }: { entry: AuditEntry }) {
  return (
    <div className="audit-card">
      <div className="audit-card-head">
        <span>
          {entry.chainNo}. <Who entry={entry} />
        </span>
        <When entry={entry} />
      </div>
      <What entry={entry} />
      <Origin entry={entry} />
    </div>
  );
}

function Who({ entry }: { entry: AuditEntry }) {
  return (
    <strong className="audit-who">
      {actorWords(entry) ?? <UserName userId={entry.actorId} role={entry.actorRole} />}
    </strong>
  );
}

function When({ entry }: { entry: AuditEntry }) {
  const { token } = theme.useToken();
  return entry.createdAt ? (
    <time className="audit-when" dateTime={entry.createdAt} style={{ color: token.colorTextDescription }}>
      {preciseDateTime(entry.createdAt)}
    </time>
  ) : null;
}

function What({ entry }: { entry: AuditEntry }) {
  const { token } = theme.useToken();
  return (
    <div className="audit-what">
      <code>{entry.action}</code>
      <ChangeList
        changes={changesOf(entry)}
        most={SHOWN_VALUES}
        isNew={Object.keys(entry.oldValues ?? {}).length === 0}
      />
      {entry.reason && (
        <div style={{ color: token.colorTextDescription }}>
          <bdi>“{entry.reason}”</bdi>
        </div>
      )}
    </div>
  );
}

function Origin({ entry }: { entry: AuditEntry }) {
  const { token } = theme.useToken();
  return (
    <div className="audit-origin" style={{ color: token.colorTextDescription }}>
      {entry.ipAddress && <div>{entry.ipAddress}</div>}
      {entry.hash && (
        <Typography.Text
          code
          copyable={{ text: entry.hash, tooltips: ["Copy the hash", "Copied"] }}
          title={entry.hash}
          className="audit-hash"
        >
          {entry.hash.slice(0, 8)}
        </Typography.Text>
      )}
    </div>
  );
}
