import { RightOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "antd";
import { api, unwrap } from "@/api/client";
import type { Ticket } from "@/api/schemas";
import { ticketActionsQuery, ticketKeys } from "@/api/tickets";
import { ToneTag } from "@/ui/StatusTag";
import { ROLES, wordOf } from "@/vocabulary/tickets";
import "./actions.css";

/** The roles that the ticket's policy escalates along, with the present one and, where it follows from that, the next. */
export function EscalationChain({ ticket }: { ticket: Ticket }) {
  const id = ticket.id ?? "";
  const { data: offer } = useQuery(ticketActionsQuery(id));
  const explained = offer?.actions?.includes("TICKET_ACTION_EXPLAIN_SLA") ?? false;
  const { data, isPending } = useQuery({
    queryKey: [...ticketKeys.ticket(id), "escalation-chain"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/admin/tickets/{ticketId}/sla", { params: { path: { ticketId: id } }, signal })),
    select: ({ policy }) => policy?.escalationChain ?? [],
    enabled: explained,
  });
  if (!explained) {
    return null;
  }
  if (isPending) {
    return <Skeleton.Input active size="small" style={{ marginBottom: 16 }} />;
  }
  const present = data?.indexOf(ticket.ownerRole ?? "ROLE_UNSPECIFIED") ?? -1;
  return (
    <ol className="escalation-chain" aria-label="Escalation chain">
      {data?.map((role, index) => {
        const isNext = present >= 0 && index === present + 1;
        return (
          <li key={role} aria-current={index === present ? "step" : undefined}>
            {index > 0 && <RightOutlined aria-hidden style={{ fontSize: 10 }} />}
            <ToneTag tone={index === present ? "info" : isNext ? "danger" : "neutral"}>
              {wordOf(ROLES, role).label}
              {index === present ? " (now)" : isNext ? " (next)" : ""}
            </ToneTag>
          </li>
        );
      })}
    </ol>
  );
}
