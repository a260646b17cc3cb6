import { CheckOutlined, FireFilled } from "@ant-design/icons";
import { Button, theme } from "antd";
import type { CSSProperties } from "react";
import { Link } from "react-router";
import type { Notification } from "@/api/schemas";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { ButtonTip } from "@/ui/ButtonTip";
import { ToneTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { NOTIFICATION_KINDS, wordOf } from "@/vocabulary/tickets";
import { targetOf } from "./notificationTarget";
import "./notifications.css";

type Props = {
  notification: Notification;
  /** Cuts long texts, for the bell. */
  compact?: boolean;
  /** The reader goes to what it is about. */
  onOpen(): void;
  /** Without it there is no button for that. */
  onMarkRead?: () => void;
};

/** One notification: the whole of it is a link to what it is about. */
export function NotificationItem({ notification, compact = false, onOpen, onMarkRead }: Props) {
  const { token } = theme.useToken();
  const { scheme } = useScheme();
  const { title, body, kind, ticketId, isCritical, readAt, createdAt, eventCount = 1 } = notification;
  const { label, tone } = wordOf(NOTIFICATION_KINDS, kind);
  const colours = {
    "--notification-hover": token.colorFillQuaternary,
    "--notification-line": isCritical ? TONES[scheme].danger.solid : "transparent",
    "--notification-dot": readAt ? "transparent" : isCritical ? TONES[scheme].danger.solid : token.colorPrimary,
    "--notification-edge": token.colorBorderSecondary,
  } as CSSProperties;
  return (
    <li className={compact ? "notification notification-compact" : "notification"} style={colours}>
      <span className="notification-dot" aria-hidden />
      <Link to={targetOf(notification)} className="notification-link" onClick={onOpen} style={{ color: "inherit" }}>
        <span className="notification-head">
          {isCritical && (
            <ToneTag tone="danger" icon={<FireFilled aria-hidden />}>
              Critical
            </ToneTag>
          )}
          <ToneTag tone={tone}>{label}</ToneTag>
          {ticketId && <span className="notification-ticket">{ticketId}</span>}
          {eventCount > 1 && <span style={{ color: token.colorTextTertiary }}>{eventCount} events</span>}
          <span className="notification-time" style={{ color: token.colorTextTertiary }}>
            <TimeAgo at={createdAt} />
          </span>
        </span>
        <span className="notification-title" style={{ fontWeight: readAt ? 400 : 600 }} dir="auto">
          {!readAt && <span className="visually-hidden">Unread: </span>}
          {title}
        </span>
        {body && (
          <span className="notification-body" style={{ color: token.colorTextSecondary }} dir="auto">
            {body}
          </span>
        )}
      </Link>
      {onMarkRead && !readAt && (
        <ButtonTip title="Mark as read">
          <Button
            type="text"
            icon={<CheckOutlined aria-hidden />}
            aria-label={`Mark as read: ${title}`}
            onClick={onMarkRead}
          />
        </ButtonTip>
      )}
    </li>
  );
}
