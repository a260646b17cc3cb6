import { Descriptions } from "antd";
import { Link } from "react-router";
import type { SlaExplanation } from "@/api/schemas";
import { ROUTES } from "@/app/routes";
import { PriorityTag } from "@/ui/StatusTag";
import { PRIORITIES, ROLES, STATUSES, wordOf } from "@/vocabulary/tickets";
import { dateTime } from "@/vocabulary/time";
import { hoursWords } from "./slaExplanation";

/** The policy in the version that holds for the ticket, its calendar, and the priorities that the ticket has had. */
export function SlaPolicyFacts({ explanation }: { explanation: SlaExplanation }) {
  const { policy, calendar, priorityChanges = [] } = explanation;
  if (policy === undefined) {
    return null;
  }
  const interval = policy.escalationIntervalMinutes || policy.responseTimeMinutes || 0;
  return (
    <Descriptions
      size="small"
      column={1}
      colon={false}
      styles={{ label: { width: 120 } }}
      items={[
        {
          key: "policy",
          label: "Policy",
          children: (
            <span>
              {wordOf(PRIORITIES, policy.priority).label}, version {policy.version ?? "1"}
              {policy.updatedAt && ` of ${dateTime(policy.updatedAt)}`}
              {" · "}
              <Link to={ROUTES.sla}>all policies</Link>
            </span>
          ),
        },
        {
          key: "targets",
          label: "Targets",
          children: `first response ${hoursWords((policy.responseTimeMinutes ?? 0) * 60)}, resolution ${hoursWords(
            (policy.resolutionTimeMinutes ?? 0) * 60,
          )}, next escalation after ${hoursWords(interval * 60)}`,
        },
        {
          key: "chain",
          label: "Chain",
          children: (policy.escalationChain ?? []).map((role) => wordOf(ROLES, role).label).join(" → "),
        },
        {
          key: "pauses",
          label: "Pauses while",
          children:
            (policy.pausingStatuses ?? []).map((status) => wordOf(STATUSES, status).label).join(", ") || "never",
        },
        {
          key: "calendar",
          label: "Calendar",
          children: calendar
            ? `${calendar.displayName || calendar.id} (${calendar.timeZone}), version ${calendar.version ?? "1"}`
            : "24 × 7",
        },
        {
          key: "priorities",
          label: "Priorities",
          children: (
            <span className="sla-priorities">
              {priorityChanges.map(({ priority, changedAt }) => (
                <span key={changedAt}>
                  <PriorityTag priority={priority} /> since {dateTime(changedAt ?? "")}
                </span>
              ))}
            </span>
          ),
        },
      ]}
    />
  );
}
