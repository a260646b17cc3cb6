import type { Locator } from "@playwright/test";
import { expect, test } from "./fixtures";

/** By keys alone, with what the system of a person who wants less motion says: pages of tests are of such a person. */
test.use({ role: "admin" });

test("filters are opened, chosen from and left by keys", async ({ page, newTicket }) => {
  await newTicket({ priority: "TICKET_PRIORITY_LOW" });
  await page.goto("/admin/tickets");
  const button = page.getByRole("group", { name: "Filters" }).getByRole("button", { name: /^Priority/ });
  await button.focus();
  await page.keyboard.press("Enter");
  const choices = page.getByRole("dialog", { name: "Priority" });
  await expect(choices.getByRole("checkbox").first()).toBeFocused();
  await choices.getByRole("checkbox", { name: "Low" }).press("Space");
  await expect(page).toHaveURL(/priority=low/);
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();
  await expect(choices).toHaveCount(0);
});

test("the menu of a row: Enter opens a dialog, Escape leads back to the row", async ({ page, newTicket }) => {
  const { id } = await newTicket();
  await page.goto("/admin/tickets");
  const button = page.getByRole("button", { name: `Actions on ${id}` });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Assign…" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem", { name: "Escalate…" })).toBeFocused();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: /^Escalate/ });
  await expect(dialog.getByRole("textbox", { name: "Reason" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();
  await expect(dialog).toHaveCount(0);
});

test("a menu that is left by Escape gives the focus back to its button, opened by keys or by the mouse", async ({
  page,
  newTicket,
}) => {
  const { id } = await newTicket();
  const leave = async (button: Locator) => {
    const open = [() => button.press("Enter"), () => button.click()];
    for (const way of open) {
      await way();
      await expect(page.locator(":focus")).toHaveAttribute("role", /^menuitem/);
      await page.keyboard.press("Escape");
      await expect(page.getByRole("menu").locator("visible=true")).toHaveCount(0);
      await expect(button).toBeFocused();
    }
  };
  await page.goto("/admin/tickets");
  await leave(page.getByRole("button", { name: `Actions on ${id}` }));
  await leave(page.getByRole("button", { name: /^Order/ }));
  await leave(page.getByRole("banner").getByRole("button", { name: /^You are/ }));
  await page.goto(`/admin/tickets/${id}`);
  const actions = page.getByRole("dialog", { name: `Ticket ${id}` }).getByRole("toolbar", { name: "Actions" });
  await leave(actions.getByRole("button", { name: "Move to" }));
  await leave(actions.getByRole("button", { name: "More actions" }));
});

test("what is opened gives the focus back: a ticket to its row, its dialogs and a new ticket to their buttons", async ({
  page,
  newTicket,
}) => {
  const { id, title } = await newTicket();
  await page.goto("/admin/tickets");
  const row = page.getByRole("link", { name: title });
  await row.focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("dialog", { name: `Ticket ${id}` });
  const escalate = panel.getByRole("toolbar", { name: "Actions" }).getByRole("button", { name: "Escalate" });
  await escalate.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: /^Escalate/ });
  await dialog.getByRole("textbox", { name: "Reason" }).press("Control+Enter");
  await expect(dialog.getByRole("textbox", { name: "Reason" })).toHaveAccessibleDescription(/Say why/);
  await expect(dialog.getByRole("textbox", { name: "Reason" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(escalate).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(row).toBeFocused();

  const create = page.getByRole("button", { name: "New ticket" });
  await create.focus();
  await page.keyboard.press("Enter");
  const form = page.getByRole("dialog", { name: "New ticket" });
  await expect(form.getByRole("textbox", { name: "Title" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(create).toBeFocused();
});

test("a page that one goes to is told by its heading", async ({ page }) => {
  await page.goto("/admin/tickets");
  const pages = page.getByRole("navigation", { name: "Pages" });
  await expect(pages.getByRole("link", { name: "Tickets" })).toHaveAttribute("aria-current", "page");
  await pages.getByRole("link", { name: "Dashboard" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Dashboard", level: 1 })).toBeFocused();
  await expect(page).toHaveTitle("Dashboard · Rodistaa Tickets");
});
