import { Tag, theme } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Ticket } from "@/api/schemas";
import { ROUTES } from "@/app/routes";
import { filterToParams } from "@/features/ticket-filters/filterParams";
import { SeverityTag, ToneTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { OwnerName, UserName } from "@/ui/UserName";
import { ROLES, wordOf } from "@/vocabulary/tickets";
import { dateTime } from "@/vocabulary/time";

const THIS_YEAR = new Intl.DateTimeFormat("en-IN", {
  day: "numeric",
  month: "short",
  hour: "numeric",
  minute: "2-digit",
});

/** All that is known of a ticket besides its texts. What is not there is left out. */
export function TicketFacts({ ticket }: { ticket: Ticket }) {
  const { token } = theme.useToken();
  const facts: [label: string, value: ReactNode][] = [
    ["Owner", <OwnerName key="owner" ownerId={ticket.ownerId} ownerRole={ticket.ownerRole} />],
    ["Queue", known(ticket.ownerRole) && wordOf(ROLES, ticket.ownerRole).label],
    [
      "Franchise",
      ticket.assignedFranchiseId && (
        <Link to={listOf({ franchiseIds: [ticket.assignedFranchiseId] })}>{ticket.assignedFranchiseId}</Link>
      ),
    ],
    [
      "Created by",
      <span key="creator">
        <UserName userId={ticket.createdById} role={ticket.createdByRole} />
        {known(ticket.createdByRole) && (
          <span style={{ color: token.colorTextDescription }}> · {wordOf(ROLES, ticket.createdByRole).label}</span>
        )}
      </span>,
    ],
    ["Severity", known(ticket.severity) && <SeverityTag severity={ticket.severity} />],
    ["Escalation", (ticket.slaEscalationLevel ?? 0) > 0 && `Level ${ticket.slaEscalationLevel}`],
    ["Created", <Instant key="created" at={ticket.createdAt} />],
    ["Updated", <Instant key="updated" at={ticket.updatedAt} />],
    ["Due", ticket.slaDueAt && <Instant at={ticket.slaDueAt} />],
    ["First response due", ticket.firstResponseDueAt && <Instant at={ticket.firstResponseDueAt} />],
    [
      "First response",
      ticket.firstResponseDueAt && (
        <span>
          {ticket.firstRespondedAt ? <Instant at={ticket.firstRespondedAt} /> : "None yet"}{" "}
          {ticket.firstResponseBreached && <ToneTag tone="danger">Late</ToneTag>}
        </span>
      ),
    ],
    ["Resolved", ticket.resolvedAt && <Instant at={ticket.resolvedAt} />],
    ["Closed", ticket.closedAt && <Instant at={ticket.closedAt} />],
  ];
  return (
    <dl className="ticket-facts">
      {facts
        .filter(([, value]) => Boolean(value))
        .map(([label, value]) => (
          <div key={label}>
            <dt style={{ color: token.colorTextDescription }}>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      {(ticket.tags?.length ?? 0) > 0 && (
        <div className="ticket-facts-wide">
          <dt style={{ color: token.colorTextDescription }}>Tags</dt>
          <dd className="ticket-tags">
            {ticket.tags?.map((tag) => (
              <Link key={tag} to={listOf({ tagsAny: [tag] })}>
                <Tag>
                  <bdi>{tag}</bdi>
                </Tag>
              </Link>
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

function Instant({ at }: { at: string | undefined }) {
  const { token } = theme.useToken();
  if (!at) {
    return null;
  }
  return (
    <span>
      {shortDateTime(at)}{" "}
      <span className="nowrap" style={{ color: token.colorTextDescription }}>
        (<TimeAgo at={at} />)
      </span>
    </span>
  );
}

/** The year is left out where it is this one. */
function shortDateTime(at: string): string {
  return new Date(at).getFullYear() === new Date().getFullYear() ? THIS_YEAR.format(new Date(at)) : dateTime(at);
}

function known(value: string | undefined): boolean {
  return Boolean(value) && !value?.endsWith("_UNSPECIFIED");
}

function listOf(filter: Parameters<typeof filterToParams>[0]): string {
  return `${ROUTES.tickets}?${filterToParams(filter)}`;
}
