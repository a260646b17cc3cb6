import { useQuery } from "@tanstack/react-query";
import { theme } from "antd";
import { Link } from "react-router";
import { api, unwrap } from "@/api/client";
import { ticketKeys } from "@/api/tickets";
import { ROUTES } from "@/app/routes";
import { StatusTag } from "@/ui/StatusTag";
import { LINKED_TYPES, OPEN_STATUSES, wordOf } from "@/vocabulary/tickets";
import type { LinkedEntity } from "./LinkedEntityField";
import { useSettled } from "./terms";
import "./fields.css";

const SHOWN = 4;
const TYPING_MS = 350;

/** Open tickets about the same thing, so that a case is not opened twice. They open in a tab of their own. */
export function LinkedEntityPreview({ link }: { link: LinkedEntity | undefined }) {
  const { token } = theme.useToken();
  const { linkedType, linkedId } = useSettled(link, TYPING_MS) ?? { linkedType: undefined, linkedId: "" };
  const { data } = useQuery({
    queryKey: [...ticketKeys.lists, "linked", linkedType, linkedId],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST("/admin/tickets:list", {
          body: {
            filter: { statuses: OPEN_STATUSES, linkedType, linkedId },
            pageSize: SHOWN,
            includeTotal: true,
          },
          signal,
        }),
      ),
    enabled: linkedType !== undefined && linkedId !== "",
    retry: false,
  });
  const tickets = data?.tickets ?? [];
  if (!linkedId || data === undefined) {
    return null;
  }
  const total = Number(data.totalSize ?? tickets.length);
  const thing = `${wordOf(LINKED_TYPES, linkedType).label} ${linkedId}`;
  if (tickets.length === 0) {
    return (
      <small role="status" style={{ color: token.colorTextDescription }}>
        No open ticket that you can see is about {thing}.
      </small>
    );
  }
  return (
    <div
      className="linked-preview"
      role="status"
      style={{ borderColor: token.colorWarningBorder, background: token.colorWarningBg }}
    >
      <strong>
        {total}
        {data.totalSizeCapped ? "+" : ""} open {total === 1 ? "ticket is" : "tickets are"} about {thing}. Is it one of
        {total === 1 ? " it" : " these"}?
      </strong>
      <ul>
        {tickets.map(({ id = "", title, status }) => (
          <li key={id}>
            <Link to={ROUTES.ticket(id)} target="_blank" rel="noopener">
              {id} · <bdi>{title}</bdi>
            </Link>
            <StatusTag status={status} />
          </li>
        ))}
      </ul>
      {total > tickets.length && <small>and {total - tickets.length} more</small>}
    </div>
  );
}
