import { expect, test } from "./fixtures";

test("a tab whose session has become somebody else's shows nothing of the person before", async ({
  page,
  context,
  guard,
  newTicket,
}) => {
  // The ticket is none for the shipper.
  guard.expect(/status of 404/);
  const { id, title } = await newTicket();
  await page.goto(`/admin/tickets/${id}?tab=timeline`);
  await page.getByLabel("Message to all who see the ticket").fill("Not sent yet, and mine");
  const other = await context.newPage();
  await other.goto("/login");
  await other.getByRole("button", { name: /^shipper/ }).click();
  await expect(other).toHaveURL(/\/admin\/tickets/);
  await expect(page.getByText("This browser is now logged in as")).toBeVisible();
  await expect(page.getByText(title)).toHaveCount(0);
  await expect(page).toHaveTitle("Rodistaa Tickets");
  await page.getByRole("button", { name: /^Go on as/ }).click();
  await expect(page.getByText("There is no such ticket")).toBeVisible();
  expect(await page.content()).not.toContain("Not sent yet");
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
