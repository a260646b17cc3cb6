import { useQuery } from "@tanstack/react-query";
import { Button, Skeleton, theme } from "antd";
import { Link, useLocation } from "react-router";
import type { Ticket } from "@/api/schemas";
import { ROUTES } from "@/app/routes";
import { filterToParams } from "@/features/ticket-filters/filterParams";
import { StatusTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { LINKED_TYPES, wordOf } from "@/vocabulary/tickets";
import { linkedFilter, linkedTicketsQuery } from "./detailQueries";

/** The thing that a ticket is about, and what else there is about it. */
export function LinkedEntityPreview({ ticket }: { ticket: Ticket }) {
  const { token } = theme.useToken();
  const { search } = useLocation();
  const { data, error, refetch } = useQuery(linkedTicketsQuery(ticket));
  const { linkedType = "LINKED_TYPE_UNSPECIFIED", linkedId = "" } = ticket;
  const all = `${ROUTES.tickets}?${filterToParams(linkedFilter(linkedType, linkedId))}`;
  return (
    <div className="linked" style={{ borderColor: token.colorBorderSecondary }}>
      <div className="linked-head">
        <span className="linked-name">
          <span style={{ color: token.colorTextDescription }}>{wordOf(LINKED_TYPES, linkedType).label}</span>{" "}
          <strong>
            <bdi>{linkedId}</bdi>
          </strong>
        </span>
        {data && (
          <span style={{ color: token.colorTextDescription }}>
            {data.openCount}
            {data.openCountCapped && "+"} other{data.openCount === 1 ? "" : "s"} open
          </span>
        )}
        <Link to={all} className="linked-all">
          All its tickets
        </Link>
      </div>
      {data === undefined && !error && <Skeleton active title={false} paragraph={{ rows: 2 }} />}
      {error && (
        <div>
          Its other tickets cannot be read now.{" "}
          <Button size="small" type="link" onClick={() => void refetch()}>
            Try again
          </Button>
        </div>
      )}
      {data?.others.length === 0 && (
        <div style={{ color: token.colorTextDescription }}>No other tickets about it that you may see.</div>
      )}
      {data && data.others.length > 0 && (
        <ul>
          {data.others.map((other) => (
            <li key={other.id}>
              <Link to={{ pathname: ROUTES.ticket(other.id ?? ""), search }}>{other.id}</Link>
              <bdi className="linked-title">{other.title}</bdi>
              <StatusTag status={other.status} />
              <span className="linked-time" style={{ color: token.colorTextDescription }}>
                <TimeAgo at={other.createdAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
