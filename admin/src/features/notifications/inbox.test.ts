import { describe, expect, it } from "vitest";
import { criticalNotification, notificationFixture, notificationFixtures } from "@/fixtures/notifications";
import { FIXED_NOW, minutesFromNow } from "@/fixtures/now";
import { alarmKey, markedRead, markedReadPages, newCritical, unreadWords } from "./inbox";

const unread = notificationFixture({ id: "a", createdAt: minutesFromNow(-1) });
const older = notificationFixture({ id: "b", createdAt: minutesFromNow(-90) });
const read = notificationFixture({ id: "c", readAt: minutesFromNow(-5) });

describe("markedRead", () => {
  it("marks those that are named, and counts them once", () => {
    const page = markedRead({ notifications: [unread, older, read], unreadCount: 7 }, { ids: ["a", "c"] }, FIXED_NOW);
    expect(page.notifications?.map(({ readAt }) => readAt)).toEqual([FIXED_NOW, undefined, read.readAt]);
    expect(page.unreadCount).toBe(6);
  });

  it("marks all up to an instant, that one included, and then nothing is unread", () => {
    const upTo = { readUntil: unread.createdAt ?? "" };
    const page = markedRead({ notifications: [unread, older], unreadCount: 400 }, upTo, FIXED_NOW);
    expect(page.notifications?.every(({ readAt }) => readAt === FIXED_NOW)).toBe(true);
    expect(page.unreadCount).toBe(0);
  });

  it("never counts below zero, whatever the page said before", () => {
    expect(markedRead({ notifications: [unread] }, { ids: ["a"] }, FIXED_NOW).unreadCount).toBe(0);
  });
});

describe("markedReadPages", () => {
  it("takes what was marked on one page off the count of every page", () => {
    const pages = [
      { notifications: [unread], unreadCount: 2 },
      { notifications: [older], unreadCount: 2 },
    ];
    const data = markedReadPages({ pages, pageParams: ["", "next"] }, { ids: ["b"] }, FIXED_NOW);
    expect(data.pages.map(({ unreadCount }) => unreadCount)).toEqual([1, 1]);
    expect(data.pages[1]?.notifications?.[0]?.readAt).toBe(FIXED_NOW);
  });
});

describe("newCritical", () => {
  it("names unread critical ones that were not seen", () => {
    const page = { notifications: [...notificationFixtures] };
    expect(newCritical(page, new Set())).toEqual([criticalNotification]);
    expect(newCritical(page, new Set([alarmKey(criticalNotification)]))).toEqual([]);
  });

  it("names one that was seen before it became critical", () => {
    const before = { ...criticalNotification, isCritical: false };
    expect(newCritical({ notifications: [criticalNotification] }, new Set([alarmKey(before)]))).toHaveLength(1);
  });
});

describe("unreadWords", () => {
  it("says that the count ends at a thousand", () => {
    expect([0, 3, 1000].map(unreadWords)).toEqual(["nothing unread", "3 unread", "1,000 or more unread"]);
  });
});
