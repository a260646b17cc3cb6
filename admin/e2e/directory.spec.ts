import { randomUUID } from "node:crypto";
import { expect, test } from "./fixtures";

test.use({ role: "admin" });

test("of two admins who enter the same user, the second is told beside the id", async ({ page, guard, api }) => {
  guard.expect(/status of 412/);
  const userId = `e2e-${randomUUID()}`;
  await page.goto("/admin/members");
  await page.getByRole("button", { name: "Add member" }).click();
  const form = page.getByRole("dialog", { name: "Add a member" });
  await form.getByLabel("User id").fill(userId);
  await form.getByLabel("Name").fill("Entered second");
  await form.getByRole("combobox", { name: "Role" }).click();
  await page.getByTitle("Finance", { exact: true }).click();
  const body = { role: "ROLE_OPS_AGENT", displayName: "Entered first" } as const;
  const first = await api("admin").PUT("/admin/members/{userId}", { params: { path: { userId } }, body });
  expect(first.response.status).toBe(200);
  await form.getByRole("button", { name: "Add member" }).click();
  await expect(form.getByText("There is a member with this user id already.")).toBeVisible();
  const found = await api("admin").GET("/admin/members", { params: { query: { query: userId } } });
  expect(found.data?.members?.map(({ displayName }) => displayName)).toEqual(["Entered first"]);
});
