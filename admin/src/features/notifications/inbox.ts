import type { InfiniteData } from "@tanstack/react-query";
import type { Notification, Schemas } from "@/api/schemas";

export type NotificationPage = Schemas["ListNotificationsResponse"];

/** Which notifications are marked as read: these, or all that were made up to an instant. */
export type Marking = { ids: string[] } | { readUntil: string };

/** From here on `unreadCount` means "or more". */
const MOST_UNREAD = 1000;

/** The page as it is after the marking; who counts what is not on the page stays counted, unless all were marked. */
export function markedRead(page: NotificationPage, marking: Marking, now: string): NotificationPage {
  let marked = 0;
  const notifications = (page.notifications ?? []).map((each) => {
    if (each.readAt || !isMeant(each, marking)) {
      return each;
    }
    marked += 1;
    return { ...each, readAt: now };
  });
  const unread = page.unreadCount ?? 0;
  return { ...page, notifications, unreadCount: "readUntil" in marking ? 0 : Math.max(0, unread - marked) };
}

/** The same for all pages that were loaded; the count, which stands on each of them, goes down together. */
export function markedReadPages<Param>(
  data: InfiniteData<NotificationPage, Param>,
  marking: Marking,
  now: string,
): InfiniteData<NotificationPage, Param> {
  const pages = data.pages.map((page) => markedRead(page, marking, now));
  const marked = data.pages.map((page, index) => (page.unreadCount ?? 0) - (pages[index]?.unreadCount ?? 0));
  const most = marked.reduce((sum, each) => sum + each, 0);
  return {
    ...data,
    pages: pages.map((page, index) => ({
      ...page,
      unreadCount: Math.max(0, (data.pages[index]?.unreadCount ?? 0) - most),
    })),
  };
}

/** Critical ones that are unread and that `seen` does not know yet. */
export function newCritical(page: NotificationPage, seen: ReadonlySet<string>): Notification[] {
  return (page.notifications ?? []).filter((each) => each.isCritical && !each.readAt && !seen.has(alarmKey(each)));
}

/** A notification may become critical later, when further events join it; that is an alarm of its own. */
export function alarmKey({ id, isCritical }: Notification): string {
  return `${id}${isCritical ? "!" : ""}`;
}

/** "3 unread", for people. */
export function unreadWords(count: number): string {
  return count === 0 ? "nothing unread" : `${count >= MOST_UNREAD ? "1,000 or more" : count} unread`;
}

function isMeant({ id, createdAt }: Notification, marking: Marking): boolean {
  if ("ids" in marking) {
    return id !== undefined && marking.ids.includes(id);
  }
  return Boolean(createdAt) && Date.parse(createdAt ?? "") <= Date.parse(marking.readUntil);
}
