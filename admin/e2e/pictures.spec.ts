import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

/**
 * The pictures of the documents, of the demonstration's data: `make pictures` writes them to docs/pictures. They show
 * the views as people have them; docs/VERIFY_UI.md says what to look for on each.
 */
const PLACE = process.env.TICKETS_PICTURES ?? join(import.meta.dirname, "..", "test-results", "pictures");
mkdirSync(PLACE, { recursive: true });

const PHONE = { width: 390, height: 844 };
const TICKET = "TKT-1001";
const SENSITIVE = "TKT-1009";

test.use({ role: "admin" });

/** When nothing moves any more: answers are there, and no skeleton or spinner stands for any. */
async function settled(page: Page): Promise<void> {
  await expect(page.locator(".ant-skeleton, .ant-spin-spinning")).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
}

async function take(page: Page, name: string): Promise<void> {
  await settled(page);
  await page.screenshot({ path: join(PLACE, `${name}.png`), animations: "disabled", caret: "hide" });
}

type View = { name: string; at: string; shows: (page: Page) => Promise<void>; act?: (page: Page) => Promise<void> };

const VIEWS: View[] = [
  {
    name: "list",
    at: "/admin/tickets",
    shows: (page) => expect(page.getByText("Live", { exact: true })).toBeVisible(),
  },
  {
    name: "ticket",
    at: `/admin/tickets/${TICKET}?tab=timeline`,
    shows: (page) => expect(page.getByRole("article").first()).toBeVisible(),
  },
  {
    name: "overview",
    at: `/admin/tickets/${TICKET}`,
    shows: (page) => expect(page.getByRole("dialog").getByText("All its tickets")).toBeVisible(),
  },
  {
    name: "dashboard",
    at: "/admin/dashboard",
    shows: (page) => expect(page.getByText("Open by state")).toBeVisible(),
  },
  {
    name: "policies",
    at: "/admin/sla",
    shows: (page) => expect(page.getByText("Escalation chain").first()).toBeVisible(),
  },
  {
    name: "notifications",
    at: "/admin/notifications",
    shows: (page) => expect(page.getByRole("main")).toContainText(/notification/i),
  },
];

for (const { name, at, shows } of VIEWS) {
  test(`${name}: light and dark, on a laptop and on a phone`, async ({ page }) => {
    for (const scheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const size of ["laptop", "phone"] as const) {
        await page.setViewportSize(size === "phone" ? PHONE : { width: 1440, height: 900 });
        await page.goto(at);
        await shows(page);
        const kind = [scheme === "dark" && "dark", size === "phone" && "phone"].filter(Boolean);
        await take(page, [name, ...kind].join("-"));
      }
    }
  });
}

test("parts of a ticket", async ({ page }) => {
  for (const tab of ["sla", "audit", "attachments"]) {
    await page.goto(`/admin/tickets/${TICKET}?tab=${tab}`);
    await expect(page.getByRole("tab", { selected: true })).toHaveText(tab === "sla" ? "SLA" : new RegExp(tab, "i"));
    await take(page, `ticket-${tab}`);
  }
  await page.goto(`/admin/tickets/${SENSITIVE}`);
  await expect(page.getByRole("button", { name: /View protected data/ }).first()).toBeVisible();
  await take(page, "ticket-sensitive");
});

test("dialogs", async ({ page }) => {
  await page.goto("/admin/tickets");
  await page.getByRole("button", { name: "More filters" }).click();
  await expect(page.getByRole("dialog", { name: "Filters" })).toBeVisible();
  await take(page, "filters");

  await page.goto("/admin/tickets?dialog=create");
  await expect(page.getByRole("dialog", { name: "New ticket" })).toBeVisible();
  await take(page, "create");

  await page.goto(`/admin/tickets/${TICKET}`);
  const toolbar = page.getByRole("toolbar", { name: "Actions" });
  await toolbar.getByRole("button", { name: "Assign" }).click();
  await expect(page.getByText("least loaded")).toBeVisible();
  await take(page, "assign");
  await page.keyboard.press("Escape");
  await toolbar.getByRole("button", { name: "Resolve" }).click();
  await expect(page.getByRole("dialog", { name: /^Resolve/ })).toBeVisible();
  await take(page, "resolve");

  await page.goto("/admin/tickets?priority=low");
  await page.getByRole("checkbox", { name: "Select all rows of this page" }).click();
  await page.getByRole("region", { name: "Bulk changes" }).getByRole("button", { name: "Priority" }).click();
  const bulk = page.getByRole("dialog", { name: /^Change priority/ });
  await bulk.getByRole("combobox", { name: "Priority" }).last().click();
  await page.getByTitle("Medium", { exact: true }).click();
  await bulk.getByRole("textbox", { name: "Reason" }).fill("The highway to Pune is closed for two days.");
  await bulk.getByRole("button", { name: "Check what would happen" }).click();
  await expect(bulk.getByText(/TKT-\d+/).first()).toBeVisible();
  await take(page, "bulk");
});

test("a conflict", async ({ page, guard, api, newTicket }) => {
  guard.expect(/status of 412/);
  const ticket = await newTicket({ title: "Advance for diesel not paid, BKG-207" });
  await page.goto(`/admin/tickets/${ticket.id}`);
  await page.getByRole("button", { name: "Edit" }).click();
  const form = page.getByRole("dialog", { name: `Edit ${ticket.id}` });
  await form.getByRole("textbox", { name: "Title" }).fill("Advance for diesel not paid: asked finance, BKG-207");
  const { error } = await api("ops_manager").PATCH("/admin/tickets/{id}", {
    params: { path: { id: ticket.id }, query: { updateMask: "title" } },
    body: { title: "Advance for diesel of BKG-207 was refused", description: "" },
  });
  expect(error).toBeUndefined();
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("dialog").last()).toContainText("Advance for diesel of BKG-207 was refused");
  await take(page, "conflict");
});

test("pages of admins, and an export", async ({ page }) => {
  await page.goto("/admin/tickets?priority=critical");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Export", exact: true }).click();
  await expect(page.getByRole("button", { name: /Download/ })).toBeVisible({ timeout: 30_000 });
  await take(page, "export");
  for (const name of ["exports", "members", "webhooks"]) {
    await page.goto(`/admin/${name}`);
    await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
    await take(page, name);
  }
});
