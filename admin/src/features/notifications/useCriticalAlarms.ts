import { App } from "antd";
import { useEffect, useEffectEvent, useRef } from "react";
import { useNavigate } from "react-router";
import type { Notification } from "@/api/schemas";
import { alarmKey, type NotificationPage, newCritical } from "./inbox";
import { targetOf } from "./notificationTarget";

const SHOWN_SECONDS = 12;

/** Calls out each critical notification once, when it arrives while the page is open; those from before are in the bell. */
export function useCriticalAlarms(page: NotificationPage | undefined, onOpen: (notification: Notification) => void) {
  const seen = useRef<Set<string>>(null);
  const { notification } = App.useApp();
  const navigate = useNavigate();
  const call = useEffectEvent((alarm: Notification) => {
    const key = `alarm-${alarm.id}`;
    notification.error({
      key,
      role: "alert",
      title: alarm.title,
      description: (alarm.body ?? "").split("\n")[0],
      duration: SHOWN_SECONDS,
      style: { cursor: "pointer" },
      onClick: () => {
        notification.destroy(key);
        onOpen(alarm);
        void navigate(targetOf(alarm));
      },
    });
  });
  useEffect(() => {
    if (page === undefined) {
      return;
    }
    for (const alarm of seen.current === null ? [] : newCritical(page, seen.current)) {
      call(alarm);
    }
    seen.current ??= new Set();
    for (const each of page.notifications ?? []) {
      seen.current.add(alarmKey(each));
    }
  }, [page]);
}
