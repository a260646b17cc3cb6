import { expect, test } from "./fixtures";

test.describe("without a session", () => {
  test.use({ role: "nobody" });

  test("a person logs in, comes back to where they wanted to go, and sees the tickets", async ({ page, guard }) => {
    // The browser's own words for being told that nobody is logged in.
    guard.expect(/status of 401/);
    await page.goto("/admin/tickets");
    await expect(page).toHaveURL(/\/login\?next=/);
    // The login stands in the place of the page that led to it, which would only lead to it again.
    await page.goBack();
    await expect(page).toHaveURL("about:blank");
    await page.goForward();
    await page.getByRole("button", { name: /^Ops manager/ }).click();
    await expect(page).toHaveURL(/\/admin\/tickets$/);
    await expect(
      page
        .getByRole("row")
        .filter({ hasText: /TKT-\d+/ })
        .first(),
    ).toBeVisible();
  });
});

test("the first view is the list", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/admin\/tickets$/);
  await expect(
    page
      .getByRole("row")
      .filter({ hasText: /TKT-\d+/ })
      .first(),
  ).toBeVisible();
});
