import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Empty, Flex, Segmented, Skeleton, theme } from "antd";
import { useSearchParams } from "react-router";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { PageHeader } from "@/ui/PageHeader";
import { useNow } from "@/ui/useNow";
import { byDay } from "./days";
import { unreadWords } from "./inbox";
import { NotificationItem } from "./NotificationItem";
import { latestNotificationsQuery, marking, notificationsQuery, useMarkRead } from "./notificationQueries";
import "./notifications.css";

/** Everything that the reader was told, by day. */
export function NotificationsPage() {
  const [params, setParams] = useSearchParams();
  const unreadOnly = params.get("show") === "unread";
  const latest = useQuery(latestNotificationsQuery).data;
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, isFetchNextPageError } =
    useInfiniteQuery(notificationsQuery(unreadOnly));
  const markRead = useMarkRead();
  const now = useNow(60_000);
  const { token } = theme.useToken();
  const notifications = data?.pages.flatMap((page) => page.notifications ?? []) ?? [];
  const unread = latest?.unreadCount ?? data?.pages[0]?.unreadCount ?? 0;
  const newest = latest?.notifications?.[0]?.createdAt ?? notifications[0]?.createdAt;
  return (
    <div className="reading-page">
      <PageHeader
        title="Notifications"
        lead={data && `${unreadWords(unread).replace(/^n/, "N")}. Kept for 90 days.`}
        actions={
          <>
            <Segmented
              aria-label="Which notifications"
              value={unreadOnly ? "unread" : "all"}
              onChange={(show) => setParams(show === "unread" ? { show } : {}, { replace: true })}
              options={[
                { value: "all", label: "All" },
                { value: "unread", label: "Unread" },
              ]}
            />
            <Button
              disabled={unread === 0 || newest === undefined}
              onClick={() => newest && markRead.mutate(marking({ readUntil: newest }))}
            >
              Mark all as read
            </Button>
          </>
        }
      />
      {error !== null && !isFetchNextPageError && (
        <ErrorNotice error={error} title="Notifications could not be loaded" onRetry={() => void refetch()} />
      )}
      {data === undefined && error === null && <Skeleton active paragraph={{ rows: 10 }} />}
      {data !== undefined && notifications.length === 0 && (
        <Empty
          style={{ padding: "64px 0" }}
          description={
            unreadOnly
              ? "You have read everything."
              : "Nothing has happened that concerns you yet. Tickets that you own or watch will be told of here."
          }
        />
      )}
      <div className="notification-days">
        {byDay(notifications, now).map((day) => (
          <section key={day.key} aria-labelledby={`day-${day.key}`}>
            <h2 className="notification-day" id={`day-${day.key}`} style={{ color: token.colorTextSecondary }}>
              {day.label}
            </h2>
            <div
              className="notification-card"
              style={{ borderColor: token.colorBorderSecondary, background: token.colorBgContainer }}
            >
              <ul className="notification-list">
                {day.notifications.map((each) => (
                  <NotificationItem
                    key={each.id}
                    notification={each}
                    onOpen={() => !each.readAt && markRead.mutate(marking({ ids: [each.id ?? ""] }))}
                    onMarkRead={() => markRead.mutate(marking({ ids: [each.id ?? ""] }))}
                  />
                ))}
              </ul>
            </div>
          </section>
        ))}
      </div>
      {hasNextPage && (
        <Flex vertical align="center" gap={8} style={{ padding: 16 }}>
          {isFetchNextPageError && <ErrorNotice error={error} title="Older ones could not be loaded" />}
          <Button onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
            Load more
          </Button>
        </Flex>
      )}
    </div>
  );
}
