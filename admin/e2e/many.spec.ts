import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "./fixtures";

test.use({ role: "admin" });

test("a change of many tickets is tried first, then made, and told for each", async ({ page, newTicket, api }) => {
  const tag = `bulk-${randomUUID().slice(0, 8)}`;
  const open = await newTicket({ tags: [tag] });
  const closed = await newTicket({ tags: [tag] });
  const as = api("ops_manager");
  for (const body of [
    { status: "TICKET_STATUS_OPEN" as const },
    { status: "TICKET_STATUS_RESOLVED" as const, resolutionSummary: "It was paid." },
    { status: "TICKET_STATUS_CLOSED" as const },
  ]) {
    const { error } = await as.POST("/admin/tickets/{id}/transition", { params: { path: { id: closed.id } }, body });
    expect(error).toBeUndefined();
  }
  await page.goto(`/admin/tickets?tag=${tag}`);
  await page.getByRole("checkbox", { name: "Select all rows of this page" }).click();
  await page.getByRole("region", { name: "Bulk changes" }).getByRole("button", { name: "Priority" }).click();
  const dialog = page.getByRole("dialog", { name: /^Change priority/ });
  await dialog.getByRole("combobox", { name: "Priority" }).last().click();
  await page.getByTitle("Critical", { exact: true }).click();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("A flood has closed the road of all of these trucks.");
  await dialog.getByRole("button", { name: "Check what would happen" }).click();
  await expect(dialog.getByText(open.id).first()).toBeVisible();
  await expect(dialog.getByText(closed.id).first()).toBeVisible();
  await dialog
    .getByRole("button", { name: /Change|Apply|Run|Set/ })
    .last()
    .click();
  await expect(dialog.getByText("1 of 2 tickets changed, 1 not.")).toBeVisible();
});

test("an export is followed to its end, and the file has the rows of the filter", async ({ page, newTicket }) => {
  const tag = `export-${randomUUID().slice(0, 8)}`;
  const titles = [(await newTicket({ tags: [tag] })).title, (await newTicket({ tags: [tag] })).title];
  await page.goto(`/admin/tickets?tag=${tag}`);
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Export tickets" });
  await expect(dialog.getByText("2 tickets")).toBeVisible();
  await dialog.getByRole("button", { name: "Export", exact: true }).click();
  const button = dialog.getByRole("button", { name: /Download/ });
  await expect(button).toBeVisible({ timeout: 30_000 });
  const [file] = await Promise.all([page.waitForEvent("download"), button.click()]);
  const rows = readFileSync(await file.path(), "utf8")
    .trim()
    .split("\r\n");
  expect(rows).toHaveLength(3);
  for (const title of titles) {
    expect(rows.some((row) => row.includes(title))).toBe(true);
  }
  await page.goto("/admin/exports");
  await expect(page.getByText("Ready", { exact: true }).first()).toBeVisible();
});
