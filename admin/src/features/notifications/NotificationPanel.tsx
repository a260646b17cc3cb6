import { useQuery } from "@tanstack/react-query";
import { Button, Empty, Skeleton, theme } from "antd";
import { Link } from "react-router";
import { ROUTES } from "@/app/routes";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { unreadWords } from "./inbox";
import { NotificationItem } from "./NotificationItem";
import { latestNotificationsQuery, marking, useMarkRead } from "./notificationQueries";

const SHOWN = 8;

/** What the bell opens: the latest, and the way to all. */
export function NotificationPanel({ onClose }: { onClose(): void }) {
  const { token } = theme.useToken();
  const { data, error, refetch } = useQuery(latestNotificationsQuery);
  const markRead = useMarkRead();
  const latest = (data?.notifications ?? []).slice(0, SHOWN);
  const unread = data?.unreadCount ?? 0;
  const newest = data?.notifications?.[0]?.createdAt;
  const open = (id = "", isUnread: boolean) => {
    if (isUnread) {
      markRead.mutate(marking({ ids: [id] }));
    }
    onClose();
  };
  return (
    <div className="notification-panel">
      <div className="notification-panel-head" style={{ borderBottom: `1px solid ${token.colorBorderSecondary}` }}>
        <span>
          <strong>Notifications</strong>{" "}
          {unread > 0 && <span style={{ color: token.colorTextTertiary }}>{unreadWords(unread)}</span>}
        </span>
        <Button
          size="small"
          type="link"
          disabled={unread === 0 || newest === undefined}
          onClick={() => newest && markRead.mutate(marking({ readUntil: newest }))}
        >
          Mark all as read
        </Button>
      </div>
      <div className="notification-panel-body">
        {error !== null && data === undefined && (
          <ErrorNotice error={error} onRetry={() => void refetch()} title="Notifications could not be loaded" />
        )}
        {data === undefined && error === null && (
          <div style={{ padding: 12 }}>
            <Skeleton active title={false} paragraph={{ rows: 6 }} />
          </div>
        )}
        {data !== undefined && latest.length === 0 && (
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description="Nothing has happened that concerns you yet." />
        )}
        <ul className="notification-list">
          {latest.map((each) => (
            <NotificationItem key={each.id} notification={each} compact onOpen={() => open(each.id, !each.readAt)} />
          ))}
        </ul>
      </div>
      <div
        className="notification-panel-foot"
        style={{ borderTop: `1px solid ${token.colorBorderSecondary}`, justifyContent: "center" }}
      >
        <Link to={ROUTES.notifications} onClick={onClose}>
          See all notifications
        </Link>
      </div>
    </div>
  );
}
