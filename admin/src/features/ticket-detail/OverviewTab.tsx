import { LockOutlined } from "@ant-design/icons";
import { Grid, theme } from "antd";
import type { ReactNode } from "react";
import type { Ticket } from "@/api/schemas";
import { TicketSLAIndicator } from "@/features/sla/TicketSLAIndicator";
import { FoldedText } from "./FoldedText";
import { LinkedEntityPreview } from "./LinkedEntityPreview";
import { MetadataView } from "./MetadataView";
import { TicketFacts } from "./TicketFacts";
import { Watchers } from "./Watchers";
import "./overview.css";

/** What a ticket is: what happened, whose it is, what it is about, who watches. */
export function OverviewTab({ ticket }: { ticket: Ticket }) {
  const isWithheld = (field: string) => ticket.redacted === true && ticket.redactedFields?.includes(field) === true;
  // Elsewhere the panel's head has it, which would be too high here.
  const isPhone = Grid.useBreakpoint().md === false;
  const isSolved = ticket.status === "TICKET_STATUS_RESOLVED" || ticket.status === "TICKET_STATUS_CLOSED";
  const metadata = Object.keys(ticket.metadata ?? {}).length > 0;
  return (
    <div className="overview">
      {isPhone && <TicketSLAIndicator ticket={ticket} variant="bar" />}
      {(ticket.resolutionSummary || (isSolved && isWithheld("resolution_summary"))) && (
        <Section title="Resolution">
          <Protected withheld={isWithheld("resolution_summary")}>
            <FoldedText text={ticket.resolutionSummary ?? ""} lines={10} />
          </Protected>
        </Section>
      )}
      <Section title="Description">
        <Protected withheld={isWithheld("description")}>
          <FoldedText text={ticket.description ?? ""} lines={12} />
        </Protected>
      </Section>
      <Section title="Details">
        <TicketFacts ticket={ticket} />
      </Section>
      {ticket.linkedId && (
        <Section title="Linked to">
          <LinkedEntityPreview ticket={ticket} />
        </Section>
      )}
      <Section title="Watchers">
        <Watchers ticketId={ticket.id ?? ""} />
      </Section>
      {(metadata || isWithheld("metadata")) && (
        <Section title="Metadata">
          <Protected withheld={isWithheld("metadata")}>
            <MetadataView metadata={ticket.metadata ?? {}} />
          </Protected>
        </Section>
      )}
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const { token } = theme.useToken();
  return (
    <section className="overview-section">
      <h3 style={{ color: token.colorTextDescription }}>{title}</h3>
      {children}
    </section>
  );
}

/** What is withheld says so in its place. */
function Protected({ withheld, children }: { withheld: boolean; children: ReactNode }) {
  const { token } = theme.useToken();
  if (!withheld) {
    return children;
  }
  return (
    <div className="overview-withheld" style={{ color: token.colorTextDescription, borderColor: token.colorBorder }}>
      <LockOutlined aria-hidden /> Protected: it is shown to who says why
    </div>
  );
}
