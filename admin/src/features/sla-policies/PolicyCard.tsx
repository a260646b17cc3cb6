import { EditOutlined, SyncOutlined } from "@ant-design/icons";
import { Button, Card } from "antd";
import type { Calendar, SlaPolicy } from "@/api/schemas";
import { PriorityTag, StatusTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { UserName } from "@/ui/UserName";
import { PRIORITIES, ROLES, wordOf } from "@/vocabulary/tickets";
import { calendarName, fieldWords } from "./policyWords";
import { POLICY_LABELS, targetParts, valuesOf } from "./slaPolicies";

/** The policy of one priority as it holds for new tickets. Without `onEdit` and `onReapply` it is only read. */
export function PolicyCard({
  policy,
  calendars,
  onEdit,
  onReapply,
}: {
  policy: SlaPolicy;
  calendars: readonly Calendar[];
  onEdit?: (() => void) | undefined;
  onReapply?: (() => void) | undefined;
}) {
  const values = valuesOf(policy);
  const name = wordOf(PRIORITIES, policy.priority).label;
  return (
    <Card
      size="small"
      className="policy-card"
      title={
        <h2 className="policy-title">
          <PriorityTag priority={policy.priority} />
        </h2>
      }
      extra={
        onEdit && (
          <Button
            type="text"
            size="small"
            icon={<EditOutlined aria-hidden />}
            aria-label={`Edit the policy for ${name}`}
            onClick={onEdit}
          >
            Edit
          </Button>
        )
      }
    >
      <div className="policy-targets">
        <Target label="First response" minutes={values.responseTimeMinutes} calendarId={values.calendarId} />
        <Target label="Resolution" minutes={values.resolutionTimeMinutes} calendarId={values.calendarId} />
      </div>
      <dl className="policy-facts">
        <dt>{POLICY_LABELS.escalationChain}</dt>
        <dd>
          <ol className="policy-chain">
            {values.escalationChain.map((role) => (
              <li key={role}>{wordOf(ROLES, role).label}</li>
            ))}
          </ol>
        </dd>
        <dt>{POLICY_LABELS.escalationIntervalMinutes}</dt>
        <dd>{fieldWords("escalationIntervalMinutes", values, calendars)}</dd>
        <dt>{POLICY_LABELS.pausingStatuses}</dt>
        <dd className="policy-tags">
          {values.pausingStatuses.length === 0
            ? "Never"
            : values.pausingStatuses.map((status) => <StatusTag key={status} status={status} />)}
        </dd>
        <dt>{POLICY_LABELS.calendarId}</dt>
        <dd>{calendarName(values.calendarId, calendars)}</dd>
      </dl>
      <div className="policy-foot">
        <span>
          Version {policy.version ?? "1"}, <TimeAgo at={policy.updatedAt} /> by <By userId={policy.updatedById} />
        </span>
        {onReapply && (
          <Button
            size="small"
            icon={<SyncOutlined aria-hidden />}
            onClick={onReapply}
            aria-label={`Re-apply the policy for ${name}`}
          >
            Re-apply
          </Button>
        )}
      </div>
    </Card>
  );
}

function Target({ label, minutes, calendarId }: { label: string; minutes: number; calendarId: string }) {
  const [hours, note] = targetParts(minutes, calendarId);
  return (
    <div>
      <div className="policy-quiet">{label}</div>
      <div className="policy-target">
        {hours} {note && <small>{note}</small>}
      </div>
    </div>
  );
}

function By({ userId }: { userId: string | undefined }) {
  return userId === "SYSTEM" || !userId ? "the system" : <UserName userId={userId} />;
}
