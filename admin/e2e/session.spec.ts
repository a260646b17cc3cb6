import { expect, logIn, test } from "./fixtures";

test("a tab whose session has become somebody else's shows nothing of the person before", async ({
  page,
  context,
  guard,
  newTicket,
}) => {
  // The ticket is none for the shipper.
  guard.expect(/status of 40[04]/);
  const { id, title } = await newTicket();
  await page.goto(`/admin/tickets/${id}?tab=timeline`);
  await page.getByLabel("Message to all who see the ticket").fill("Not sent yet, and mine");
  const other = await context.newPage();
  await other.goto("/login");
  await other.getByRole("button", { name: /^Shipper/ }).click();
  await expect(other).toHaveURL(/\/admin\/tickets/);
  await expect(page.getByText("This browser is now logged in as")).toBeVisible();
  await expect(page.getByText(title)).toHaveCount(0);
  await expect(page).toHaveTitle("Rodistaa Tickets");
  await page.getByRole("button", { name: /^Go on as/ }).click();
  await expect(page.getByText("There is no such ticket")).toBeVisible();
  expect(await page.content()).not.toContain("Not sent yet");
});

test("what is done in a tab before it has noticed another person is not done in their name", async ({
  page,
  context,
  guard,
  api,
  newTicket,
}) => {
  guard.expect(/status of 400/);
  const { id, title } = await newTicket();
  await page.goto(`/admin/tickets/${id}?tab=timeline`);
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await page.getByLabel("Message to all who see the ticket").fill("Meant in the name of who was there before");
  // The page is not told who is logged in before it has tried: any request of its own might have it ask.
  const answer = page.waitForResponse((each) => each.url().endsWith(`/admin/tickets/${id}/messages`));
  await page.route("**/admin/me", async (route) => {
    await answer;
    await route.continue().catch(() => undefined);
  });
  await logIn(context, "admin");
  await page.getByRole("button", { name: /Send$/ }).click();
  expect((await answer).status()).toBe(400);
  await expect(page.getByText("This browser is now logged in as")).toBeVisible();
  await expect(page.getByText(title)).toHaveCount(0);
  const { data } = await api("admin").GET("/admin/tickets/{ticketId}/timeline", {
    params: { path: { ticketId: id } },
  });
  expect(data?.entries?.length).toBeGreaterThan(0);
  expect(JSON.stringify(data)).not.toContain("Meant in the name of");
});

test("without a network the page says so at once, and goes on when there is one again", async ({
  page,
  context,
  guard,
  newTicket,
}) => {
  guard.expect(/ERR_INTERNET_DISCONNECTED/);
  const { title } = await newTicket();
  await page.goto("/admin/tickets");
  await expect(page.getByText(title)).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText("You are offline.")).toBeVisible();
  await expect(page.getByText(title)).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText("You are offline.")).toHaveCount(0);
  const later = await newTicket();
  await expect(page.getByText(later.title)).toBeVisible();

  await test.step("on a phone, where a ticket covers the page", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`/admin/tickets/${later.id}`);
    const panel = page.getByRole("dialog", { name: `Ticket ${later.id}` });
    await expect(panel.getByRole("heading", { name: later.title })).toBeVisible();
    await context.setOffline(true);
    await expect(panel.getByText("You are offline.")).toBeVisible();
    await context.setOffline(false);
    await expect(panel.getByText("You are offline.")).toHaveCount(0);
  });
});

test("logging out takes what was shown off the page, and the other tabs too", async ({
  page,
  context,
  guard,
  newTicket,
}) => {
  guard.expect(/status of 401/);
  const { id, title } = await newTicket();
  await page.goto(`/admin/tickets/${id}?tab=timeline`);
  await page.getByLabel("Message to all who see the ticket").fill("Not sent yet, and mine");
  const other = await context.newPage();
  await other.goto(`/admin/tickets/${id}`);
  await expect(other.getByRole("heading", { name: title })).toBeVisible();
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: /^You are/ }).click();
  await page.getByText("Log out").click();
  await expect(page).toHaveURL(/\/login$/);
  await expect(other).toHaveURL(/\/login\?next=/);
  await page.goBack();
  await expect(page).toHaveURL(/\/login\?next=/);
  expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);
});
