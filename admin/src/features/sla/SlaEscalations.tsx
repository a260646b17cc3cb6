import { ArrowRightOutlined } from "@ant-design/icons";
import type { Role, Schemas } from "@/api/schemas";
import { ToneTag } from "@/ui/StatusTag";
import { UserName } from "@/ui/UserName";
import { ROLES, wordOf } from "@/vocabulary/tickets";
import { dateTime } from "@/vocabulary/time";
import { waitOf } from "./slaWords";

type Escalation = Schemas["Escalation"];

/** Each move up the chain, newest first: where from and to, why, and by whom. */
export function SlaEscalations({ escalations }: { escalations: readonly Escalation[] }) {
  if (escalations.length === 0) {
    return <p className="sla-quiet">Not escalated.</p>;
  }
  return (
    <ol className="sla-escalations">
      {[...escalations].reverse().map((escalation) => (
        <li key={`${escalation.escalatedAt}-${escalation.level}`}>
          <div className="sla-escalation-head">
            <ToneTag tone="danger">Level {escalation.level ?? 1}</ToneTag>
            <strong>
              {roleName(escalation.fromRole)} <ArrowRightOutlined aria-label="to" /> {roleName(escalation.toRole)}
            </strong>
            {(escalation.cycle ?? 1) > 1 && <span className="sla-quiet">reopened, cycle {escalation.cycle}</span>}
          </div>
          <div className="sla-quiet">
            {dateTime(escalation.escalatedAt ?? "")}
            {" · "}
            {escalation.automatic ? "automatic" : <By escalation={escalation} />}
            {escalation.dueAt && ` · missed the deadline of ${dateTime(escalation.dueAt)}${delayOf(escalation)}`}
          </div>
          {escalation.reason && <blockquote className="sla-reason">{escalation.reason}</blockquote>}
        </li>
      ))}
    </ol>
  );
}

function By({ escalation }: { escalation: Escalation }) {
  return (
    <>
      by <UserName userId={escalation.actorId} />
    </>
  );
}

/** Only a sweep that came late is worth telling. */
function delayOf({ dueAt, escalatedAt }: Escalation): string {
  const late = Date.parse(escalatedAt ?? "") - Date.parse(dueAt ?? "");
  return late >= 60_000 ? `, ${waitOf(late)} after it` : "";
}

function roleName(role: Role | undefined): string {
  return role === undefined || role === "ROLE_UNSPECIFIED" ? "No queue" : wordOf(ROLES, role).label;
}
