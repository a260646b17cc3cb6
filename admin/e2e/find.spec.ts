import { randomUUID } from "node:crypto";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

/** A word that no other ticket has. */
function newWord(): string {
  return `zz${randomUUID().replaceAll("-", "").slice(0, 12)}`;
}

function rows(page: Page) {
  return page.getByRole("row").filter({ hasText: /TKT-\d+/ });
}

test("a filter narrows the list, stands in the address, and is there again when the address is opened", async ({
  page,
  newTicket,
}) => {
  const tag = newWord();
  const low = await newTicket({ priority: "TICKET_PRIORITY_LOW", tags: [tag] });
  const critical = await newTicket({ priority: "TICKET_PRIORITY_CRITICAL", tags: [tag] });
  await page.goto(`/admin/tickets?tag=${tag}`);
  await expect(rows(page)).toHaveCount(2);

  await page.getByRole("group", { name: "Filters" }).getByRole("button", { name: "Priority" }).click();
  await page.getByRole("checkbox", { name: "Critical" }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText(critical.id);
  await expect(page).toHaveURL(/priority=critical/);

  await page.reload();
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole("button", { name: "Clear all" }).click();
  await expect(page).toHaveURL(/\/admin\/tickets$/);
  await expect(rows(page).filter({ hasText: low.id })).toBeVisible();
});

test("all filters: a ticket is found by what it is linked to, whose queue it is in, and a range of time", async ({
  page,
  newTicket,
}) => {
  const linkedId = newWord().toUpperCase();
  const ticket = await newTicket({ linkedType: "LINKED_TYPE_SHIPMENT", linkedId });
  await page.goto("/admin/tickets");
  await page.getByRole("button", { name: "More filters" }).click();
  const drawer = page.getByRole("dialog", { name: "Filters" });
  await drawer.getByRole("combobox", { name: "Linked to" }).click();
  await page.getByTitle("Shipment", { exact: true }).click();
  await drawer.getByRole("textbox", { name: "Its id" }).fill(linkedId);
  await drawer.getByRole("textbox", { name: "Its id" }).press("Enter");
  await drawer.getByRole("button", { name: "In the last hour" }).first().click();
  await drawer.getByRole("button", { name: "Done" }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText(ticket.id);
});

test("search finds words of the description, suggests while one types, and opens a ticket by its number", async ({
  page,
  newTicket,
}) => {
  const word = newWord();
  const ticket = await newTicket({ description: `The tarpaulin of the truck ${word} was torn, and it rained.` });
  await page.goto("/admin/tickets");
  await page.locator("main").click({ position: { x: 5, y: 5 } });
  await page.keyboard.press("/");
  const search = page.getByRole("combobox", { name: "Search tickets" });
  await expect(search).toBeFocused();
  await search.fill(word);
  await expect(page.locator(".search-option").filter({ hasText: ticket.id })).toBeVisible();
  await search.press("Enter");
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page).locator("mark").filter({ hasText: word })).toBeVisible();

  await search.fill(ticket.id.toLowerCase());
  await search.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/admin/tickets/${ticket.id}`));
  await expect(page.getByRole("dialog").filter({ hasText: ticket.title })).toBeVisible();
});

test("a view that is saved for everybody is there for others", async ({ page, person }) => {
  const name = `View ${newWord()}`;
  await page.goto("/admin/tickets?priority=critical&sort=due");
  await page.getByRole("button", { name: "Saved" }).click();
  await page.getByRole("button", { name: "Save what is shown as a view" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
  await dialog.getByRole("checkbox", { name: "Share with all staff" }).click();
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(dialog).toBeHidden();

  const other = await person("hq_support");
  await other.page.goto("/admin/tickets");
  await other.page.getByRole("button", { name: "Saved" }).click();
  await other.page.getByText(name).click();
  await expect(other.page).toHaveURL(/priority=critical/);
});

test("the list follows what others do: new tickets come, and changed ones change where they are", async ({
  page,
  newTicket,
  api,
}) => {
  const tag = newWord();
  const first = await newTicket({ tags: [tag] });
  await page.goto(`/admin/tickets?tag=${tag}`);
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();

  const second = await newTicket({ tags: [tag] });
  await expect(rows(page).filter({ hasText: second.id })).toBeVisible();
  const path = { id: first.id };
  await api("ops_manager").POST("/admin/tickets/{id}/transition", {
    params: { path },
    body: { status: "TICKET_STATUS_OPEN" },
  });
  await expect(rows(page).filter({ hasText: first.id })).toContainText("Open");
});

test("keys: down the list, and into a ticket", async ({ page }) => {
  await page.goto("/admin/tickets");
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const second = await rows(page)
    .nth(1)
    .getByText(/TKT-\d+/)
    .first()
    .textContent();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/admin/tickets/${second}`));
  await expect(page.getByRole("dialog", { name: `Ticket ${second}` })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/admin\/tickets$/);
});
