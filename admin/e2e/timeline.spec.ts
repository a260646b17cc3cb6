import type { Page } from "@playwright/test";
import { type Api, expect, test } from "./fixtures";

/** Says what is numbered so, in this order. */
async function say(api: Api, ticketId: string, first: number, count: number) {
  for (let number = first; number < first + count; number += 1) {
    const path = { ticketId };
    const { error } = await api.POST("/admin/tickets/{ticketId}/messages", {
      params: { path },
      body: { message: `Report ${number}: the truck is on its way.` },
    });
    expect(error).toBeUndefined();
  }
}

const report = (page: Page, number: number) => page.getByRole("article").filter({ hasText: `Report ${number}:` });
const topOf = async (page: Page, number: number) => Math.round((await report(page, number).boundingBox())?.y ?? -1);

test("a long timeline opens at its end, lets go of what is far up, and stays still for who reads there", async ({
  page,
  api,
  newTicket,
}) => {
  test.slow();
  const ticket = await newTicket();
  await say(api("hq_support"), ticket.id, 1, 250);
  const pages: string[] = [];
  page.on("request", (request) => {
    if (/\/timeline\?/.test(request.url())) {
      pages.push(new URL(request.url()).search);
    }
  });
  await page.goto(`/admin/tickets/${ticket.id}?tab=timeline`);
  const list = page.getByRole("region", { name: "Timeline" });
  const drawn = list.locator(".timeline-message, .timeline-change");
  await expect(report(page, 250)).toBeInViewport();
  await expect(drawn).toHaveCount(100);
  expect(pages).toHaveLength(1);

  await test.step("live, at the end", async () => {
    await say(api("hq_support"), ticket.id, 251, 230);
    await expect(report(page, 480)).toBeInViewport();
    await expect(drawn).toHaveCount(300);
    await expect(report(page, 180)).toHaveCount(0);
  });

  await test.step("live, further up", async () => {
    await report(page, 300).scrollIntoViewIfNeeded();
    const before = await topOf(page, 300);
    await say(api("hq_support"), ticket.id, 481, 130);
    await expect(page.getByRole("button", { name: "130 new entries" })).toBeVisible();
    await expect(drawn).toHaveCount(400);
    await expect.poll(() => topOf(page, 300)).toBe(before);
  });

  await test.step("a look at the few changes", async () => {
    const before = await topOf(page, 300);
    const control = page.getByRole("radiogroup", { name: "What is shown" });
    await control.getByText("Changes", { exact: true }).click();
    await expect(list.locator(".timeline-message")).toHaveCount(0);
    await expect(list.locator(".timeline-change")).not.toHaveCount(0);
    await control.getByText("All", { exact: true }).click();
    await expect(page.getByRole("button", { name: "130 new entries" })).toBeVisible();
    await expect.poll(() => topOf(page, 300)).toBe(before);
  });

  await test.step("what was let go comes back", async () => {
    const button = page.getByRole("button", { name: "Load older entries" });
    await button.scrollIntoViewIfNeeded();
    const before = await topOf(page, 183);
    await button.click();
    await expect(drawn).toHaveCount(500);
    await expect.poll(() => topOf(page, 183)).toBe(before);
    await expect(report(page, 90)).toHaveCount(1);
  });

  await test.step("on to the end, by the way and at once", async () => {
    await list.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await expect(page.getByRole("button", { name: "30 new entries" })).toBeVisible();
    await expect(report(page, 580)).toBeInViewport();
    await page.getByRole("button", { name: "30 new entries" }).press("Enter");
    await expect(report(page, 610)).toBeInViewport();
    await expect(drawn).toHaveCount(300);
    await expect(list).toBeFocused();
  });

  await test.step("on a phone there is room to tap", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const control = page.getByRole("radiogroup", { name: "What is shown" });
    await expect.poll(async () => (await control.boundingBox())?.height).toBeGreaterThanOrEqual(32);
  });
});

test("who stays further up while very much is said goes to the newest at once, and to the one change by one request", async ({
  page,
  api,
  newTicket,
}) => {
  test.slow();
  const ticket = await newTicket();
  await say(api("hq_support"), ticket.id, 1, 120);
  await page.goto(`/admin/tickets/${ticket.id}?tab=timeline`);
  const list = page.getByRole("region", { name: "Timeline" });
  const drawn = list.locator(".timeline-message, .timeline-change");
  await expect(report(page, 120)).toBeInViewport();
  await report(page, 60).scrollIntoViewIfNeeded();
  const before = await topOf(page, 60);

  await test.step("more comes than is kept", async () => {
    await say(api("hq_support"), ticket.id, 121, 680);
    await expect(page.getByRole("button", { name: "680 new entries" })).toBeVisible();
    await expect.poll(() => topOf(page, 60)).toBe(before);
    await page.getByRole("button", { name: "680 new entries" }).click();
    await expect(report(page, 800)).toBeInViewport();
    await expect(drawn).toHaveCount(300);
    const numbers = await list.getByText(/^Report \d+:/).allTextContents();
    expect(numbers.map((text) => Number.parseInt(text.slice(7), 10))).toEqual(
      Array.from({ length: 300 }, (_, index) => 501 + index),
    );
  });

  await test.step("the change far below", async () => {
    const asked: string[] = [];
    page.on("request", (request) => {
      if (/\/timeline\?/.test(request.url())) {
        asked.push(new URL(request.url()).search);
      }
    });
    await page.getByRole("dialog").getByText("Changes", { exact: true }).click();
    await expect(list.locator(".timeline-change")).toHaveCount(1);
    await expect(page.getByRole("button", { name: "Load older entries" })).toHaveCount(0);
    expect(asked).toHaveLength(1);
    await page.getByRole("dialog").getByText("All", { exact: true }).click();
    await expect(report(page, 800)).toBeInViewport();
    await say(api("hq_support"), ticket.id, 801, 1);
    await expect(report(page, 801)).toBeInViewport();
  });
});

test("a message that was not sent is offered after the page is loaded anew, and is sent once", async ({
  page,
  guard,
  newTicket,
}) => {
  guard.expect(/ERR_FAILED/);
  const ticket = await newTicket();
  await page.goto(`/admin/tickets/${ticket.id}?tab=timeline`);
  await expect(page.getByRole("dialog").getByText("Live", { exact: true })).toBeVisible();
  // The service takes it, and its answer is lost.
  await page.route("**/messages", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await page.getByRole("textbox", { name: "Message to all who see the ticket" }).fill("Where is the truck now?");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByText("Not sent", { exact: true })).toBeVisible();
  await page.unroute("**/messages");
  await page.reload();
  await expect(page.getByText("The page was loaded anew before this was sent.")).toBeVisible();
  const messages = page.getByRole("article").filter({ hasText: "Where is the truck now?" });
  await expect(messages).toHaveCount(1);
  await page.getByRole("button", { name: "Send again" }).click();
  await expect(page.getByText("Not sent", { exact: true })).toBeHidden();
  await expect(messages).toHaveCount(1);
  await page.reload();
  await expect(messages).toHaveCount(1);
  await expect(page.getByText("Not sent", { exact: true })).toBeHidden();
});
