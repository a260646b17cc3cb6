import { EditOutlined, EyeInvisibleOutlined, EyeOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Badge, Button, Skeleton, Tabs } from "antd";
import { lazy, Suspense, useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { useSearchParams } from "react-router";
import { AccessReason } from "@/api/accessReason";
import { usePermission } from "@/api/caller";
import type { Ticket } from "@/api/schemas";
import { ticketActionsQuery } from "@/api/tickets";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormModal } from "@/ui/FormDialog";
import { PartBoundary } from "@/ui/PartBoundary";
import { patiently } from "@/ui/patiently";
import { OverviewTab } from "./OverviewTab";
import { RevealDialog } from "./RevealDialog";
import { TimelineTab } from "./TimelineTab";
import { useReveal } from "./useReveal";
import { useTimeline } from "./useTimeline";

const TicketQuickActions = lazy(
  patiently(async () => ({
    default: (await import("@/features/ticket-actions/TicketQuickActions")).TicketQuickActions,
  })),
);
const TicketEditForm = lazy(
  patiently(async () => ({
    default: (await import("@/features/ticket-actions/TicketEditForm")).TicketEditForm,
  })),
);
const AttachmentsTab = lazy(
  patiently(async () => ({
    default: (await import("@/features/attachments/AttachmentsTab")).AttachmentsTab,
  })),
);
const SlaExplanationView = lazy(
  patiently(async () => ({
    default: (await import("@/features/sla/SlaExplanationView")).SlaExplanationView,
  })),
);
const AuditTab = lazy(patiently(async () => ({ default: (await import("./AuditTab")).AuditTab })));

const WAITING = <Skeleton active paragraph={{ rows: 6 }} className="panel-pane" />;

/** What can be done to a ticket, and its tabs. Follows the ticket live, whichever tab is shown. */
export function TicketDetail({
  ticket: live,
  readError,
  onRetry,
  onGone,
}: {
  ticket: Ticket;
  /** Why the last read failed; what is shown may be old. */
  readError: unknown;
  onRetry(): void;
  /** The ticket is out of the caller's sight. */
  onGone(): void;
}) {
  const ticketId = live.id ?? "";
  const { reveal, ticket = live, isOld, revealed, view, hide } = useReveal(ticketId, live);
  const timeline = useTimeline(ticketId, live.isSensitive ?? false, reveal, onGone);
  const { data: allowed } = useQuery(ticketActionsQuery(ticketId));
  const may = (action: NonNullable<NonNullable<typeof allowed>["actions"]>[number]) =>
    allowed?.actions?.includes(action) ?? false;
  const [asking, setAsking] = useState(false);
  const [editing, setEditing] = useState(false);
  const [lastReason, setLastReason] = useState<string>();
  const tabs = ["overview", "timeline", "attachments"];
  const isStaff = usePermission("PERMISSION_STAFF");
  if (allowed ? may("TICKET_ACTION_EXPLAIN_SLA") : isStaff) {
    tabs.push("sla");
  }
  if (allowed ? may("TICKET_ACTION_VIEW_AUDIT") : isStaff) {
    tabs.push("audit");
  }
  const [tab, setTab] = useTab(tabs);
  // The tab is drawn some time after it was asked for; the composer takes the focus once it is there.
  const [messageAsked, setMessageAsked] = useState(0);
  const write = () => {
    setMessageAsked((before) => before + 1);
    setTab("timeline");
  };
  useHotkeys("m", write, { preventDefault: true });
  const ask = () => setAsking(true);
  const isWithheld = live.isSensitive === true && live.redacted === true;
  // What was looked at and is old goes with the etag of that time, so that an edit of it is a conflict and not a loss.
  const editable = isOld && revealed ? revealed : ticket;
  return (
    <AccessReason value={reveal.reason}>
      <div className="panel-toolbar">
        <PartBoundary>
          <Suspense fallback={<Skeleton.Button active size="small" />}>
            <TicketQuickActions ticket={ticket} layout="toolbar" onMessage={write} />
          </Suspense>
        </PartBoundary>
        {may("TICKET_ACTION_EDIT") && (
          <Button icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)}>
            Edit
          </Button>
        )}
        {isWithheld && (
          <Button
            icon={reveal.reason === undefined ? <EyeOutlined aria-hidden /> : <EyeInvisibleOutlined aria-hidden />}
            onClick={reveal.reason === undefined ? ask : hide}
          >
            {reveal.reason === undefined ? "View protected data" : "Hide protected data"}
          </Button>
        )}
      </div>
      <div className="panel-notices">
        {readError ? <ErrorNotice error={readError} title="What is shown may be old" onRetry={onRetry} /> : null}
        {isOld && (
          <Alert
            type="warning"
            showIcon
            title="The ticket has changed since you looked at its protected data"
            action={
              <Button size="small" onClick={ask}>
                View again
              </Button>
            }
          />
        )}
      </div>
      <Tabs
        className="panel-tabs"
        activeKey={tab}
        onChange={(next) => {
          setMessageAsked(0);
          setTab(next);
        }}
        destroyOnHidden
        items={[
          {
            key: "overview",
            label: "Overview",
            children: (
              <Pane>
                <OverviewTab ticket={ticket} />
              </Pane>
            ),
          },
          {
            key: "timeline",
            label: <TimelineLabel failed={timeline.outgoing.filter(({ state }) => state !== "sending").length} />,
            children: <TimelineTab ticket={ticket} timeline={timeline} asked={messageAsked} onView={ask} />,
          },
          {
            key: "attachments",
            label: "Attachments",
            children: (
              <Pane>
                <AttachmentsTab ticket={ticket} />
              </Pane>
            ),
          },
          {
            key: "sla",
            label: "SLA",
            children: (
              <Pane>
                <SlaExplanationView ticketId={ticketId} />
              </Pane>
            ),
          },
          {
            key: "audit",
            label: "Audit",
            children: (
              <Pane>
                <AuditTab ticketId={ticketId} onView={isWithheld ? ask : undefined} />
              </Pane>
            ),
          },
        ].filter(({ key }) => tabs.includes(key))}
      />
      <RevealDialog
        open={asking}
        ticketId={ticketId}
        before={reveal.reason ?? lastReason}
        onClose={() => setAsking(false)}
        onView={async (reason) => {
          await view(reason);
          setLastReason(reason);
        }}
      />
      <FormModal
        open={editing}
        onClose={() => setEditing(false)}
        footer={null}
        destroyOnHidden
        width={640}
        title={`Edit ${ticketId}`}
      >
        <PartBoundary>
          <Suspense fallback={<Skeleton active paragraph={{ rows: 6 }} />}>
            <TicketEditForm ticket={editable} onDone={() => setEditing(false)} />
          </Suspense>
        </PartBoundary>
      </FormModal>
    </AccessReason>
  );
}

function Pane({ children }: { children: React.ReactNode }) {
  return (
    <div className="panel-pane">
      <PartBoundary>
        <Suspense fallback={WAITING}>{children}</Suspense>
      </PartBoundary>
    </div>
  );
}

function TimelineLabel({ failed }: { failed: number }) {
  return (
    <Badge count={failed} size="small" offset={[8, 0]} title={`${failed} not sent`}>
      Timeline
    </Badge>
  );
}

/** The tab that is shown, kept in the address; one that there is not is the first. */
function useTab(tabs: readonly string[]): [string, (tab: string) => void] {
  const [params, setParams] = useSearchParams();
  const asked = params.get("tab") ?? "";
  const setTab = (tab: string) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        after.set("tab", tab);
        return after;
      },
      { replace: true },
    );
  return [tabs.includes(asked) ? asked : (tabs[0] ?? ""), setTab];
}
