import { BellOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Badge, Button, theme } from "antd";
import { useState } from "react";
import { Flyout } from "@/ui/Flyout";
import { unreadWords } from "./inbox";
import { NotificationPanel } from "./NotificationPanel";
import { latestNotificationsQuery, marking, useMarkRead } from "./notificationQueries";
import { useCriticalAlarms } from "./useCriticalAlarms";

/** How many notifications are unread, and the latest of them behind a press. */
export function NotificationBell() {
  const [open, setOpen] = useState(false);
  const { token } = theme.useToken();
  const { data } = useQuery(latestNotificationsQuery);
  const markRead = useMarkRead();
  useCriticalAlarms(data, ({ id = "" }) => markRead.mutate(marking({ ids: [id] })));
  const unread = data?.unreadCount ?? 0;
  const isCritical = data?.notifications?.some((each) => each.isCritical && !each.readAt) ?? false;
  return (
    <>
      <Flyout
        label="Notifications"
        open={open}
        onOpenChange={setOpen}
        placement="bottomRight"
        classNames={{ root: "notification-popover" }}
        styles={{ container: { padding: 0 } }}
        content={<NotificationPanel onClose={() => setOpen(false)} />}
      >
        <Badge
          count={unread}
          overflowCount={99}
          size="small"
          offset={[-6, 6]}
          color={isCritical ? token.colorError : token.colorPrimary}
          title=""
        >
          <Button
            type="text"
            icon={<BellOutlined aria-hidden />}
            aria-label={`Notifications, ${unreadWords(unread)}`}
            aria-expanded={open}
            aria-haspopup="dialog"
          />
        </Badge>
      </Flyout>
      <span className="visually-hidden" role="status">
        {unread > 0 && `${unreadWords(unread)} notifications`}
      </span>
    </>
  );
}
