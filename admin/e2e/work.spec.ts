import { expect, test } from "./fixtures";

const REASON = "The operator has been waiting for three days now.";

test("a ticket is made, assigned, written to and resolved", async ({ page }) => {
  const title = `Balance freight missing ${Date.now()}`;
  await page.goto("/admin/tickets");
  await expect(page.getByRole("heading", { name: "Tickets" })).toBeVisible();
  await page.keyboard.press("c");
  const form = page.getByRole("dialog", { name: "New ticket" });
  await form.getByRole("textbox", { name: "Title" }).fill(title);
  await form.getByRole("textbox", { name: "Description" }).fill("Too short");
  await form.getByRole("button", { name: "Create the ticket" }).click();
  await expect(form.getByText(/^Say what happened/)).toBeVisible();
  await form
    .getByRole("textbox", { name: "Description" })
    .fill("The balance freight of BKG-123 came back from the bank.");
  await form.getByText("High", { exact: true }).click();
  await form.getByRole("button", { name: "Create the ticket" }).click();

  const panel = page.getByRole("dialog", { name: /^Ticket TKT-/ });
  await expect(panel.getByRole("heading", { name: title })).toBeVisible();
  await expect(panel.getByText("New", { exact: true })).toBeVisible();

  await panel.getByRole("button", { name: "Assign", exact: false }).first().click();
  const assign = page.getByRole("dialog", { name: /^Assign/ });
  await assign.getByRole("button", { name: "To me" }).click();
  await assign.getByRole("button", { name: "Assign", exact: true }).click();
  await expect(assign.getByText(/^Say why/)).toBeVisible();
  const reason = assign.getByRole("textbox", { name: "Reason" });
  await reason.fill(REASON);
  // What is written is asked about before it is gone, and kept by the next Escape.
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Keep editing" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByText("Discard what you entered?")).toBeHidden();
  await expect(reason).toBeFocused();
  await expect(reason).toHaveValue(REASON);
  await assign.getByRole("button", { name: "Assign", exact: true }).click();
  await expect(assign).toBeHidden();
  await expect(panel.getByText("Open", { exact: true })).toBeVisible();

  await panel.getByRole("tab", { name: "Timeline" }).click();
  await panel.getByRole("textbox", { name: "Message to all who see the ticket" }).fill("We have asked the bank.");
  await page.keyboard.press("Control+Enter");
  await expect(panel.getByRole("article").filter({ hasText: "We have asked the bank." })).toHaveCount(1);

  await panel.getByRole("button", { name: "Resolve" }).click();
  const resolve = page.getByRole("dialog", { name: /^Resolve/ });
  await resolve
    .getByRole("textbox", { name: "How it was solved" })
    .fill("The bank has paid; the operator confirmed it.");
  await resolve.getByRole("button", { name: "Resolve", exact: true }).click();
  await expect(resolve).toBeHidden();
  await expect(panel.getByText("Resolved", { exact: true }).first()).toBeVisible();
  await expect(panel.getByRole("button", { name: "Escalate" })).toBeHidden();
});

test("an escalation by the SLA clock is seen while it happens", async ({ page, dueTicket }) => {
  test.slow();
  const ticket = await dueTicket(15);
  await page.goto(`/admin/tickets/${ticket.id}?tab=timeline`);
  const panel = page.getByRole("dialog", { name: `Ticket ${ticket.id}` });
  await expect(panel.getByRole("heading", { name: ticket.title })).toBeVisible();
  await expect(panel.getByText("Live", { exact: true })).toBeVisible();
  await expect(panel.getByText("Escalated", { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  await expect(panel.getByText(/SLA clock/).first()).toBeVisible();
  await panel.getByRole("tab", { name: "SLA" }).click();
  await expect(panel.getByText(/Franchise agent.*Ops manager/).first()).toBeVisible();
});

test("a file goes up, stands in the list, and comes down as it was", async ({ page, newTicket }) => {
  const ticket = await newTicket();
  await page.goto(`/admin/tickets/${ticket.id}?tab=attachments`);
  const panel = page.getByRole("dialog", { name: `Ticket ${ticket.id}` });
  const content = "%PDF-1.4\n% a delivery note\n%%EOF\n";
  await panel
    .locator("input[type=file]")
    .setInputFiles({ name: "delivery note.pdf", mimeType: "application/pdf", buffer: Buffer.from(content) });
  await expect(panel.getByText("delivery note.pdf").first()).toBeVisible();
  const download = panel.getByRole("button", { name: /Download/ }).first();
  await expect(download).toBeVisible();
  const [file] = await Promise.all([page.waitForEvent("download"), download.click()]);
  expect(file.suggestedFilename()).toBe("delivery note.pdf");
  const stream = await file.createReadStream();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
  }
  expect(Buffer.concat(chunks).toString()).toBe(content);
});

test("files that are not accepted are refused before anything of them is sent", async ({ page, newTicket }) => {
  const ticket = await newTicket();
  const announced: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/attachments")) {
      announced.push(request.url());
    }
  });
  const program = { name: "run.exe", mimeType: "application/x-msdownload", buffer: Buffer.from("MZ") };
  const refusal = /\.exe files are not accepted\. Accepted are PDF, JPEG, .* up to 25 MB each\./;
  await page.goto(`/admin/tickets/${ticket.id}?tab=attachments`);
  const panel = page.getByRole("dialog", { name: `Ticket ${ticket.id}` });
  await panel.locator("input[type=file]").setInputFiles(program);
  await expect(panel.getByText(refusal)).toBeVisible();
  await panel.getByRole("tab", { name: "Timeline" }).click();
  await panel.getByLabel("Files to attach").setInputFiles(program);
  await expect(panel.getByText(refusal)).toBeVisible();
  expect(announced).toEqual([]);
});

test("what is protected is shown for a reason alone, and the reason is in the audit", async ({ page, newTicket }) => {
  const secret = "The account number is 50100123456789.";
  const ticket = await newTicket({ isSensitive: true, description: `KYC papers were refused. ${secret}` });
  await page.goto(`/admin/tickets/${ticket.id}`);
  const panel = page.getByRole("dialog", { name: `Ticket ${ticket.id}` });
  await expect(panel.getByRole("button", { name: /View protected data/ }).first()).toBeVisible();
  await expect(panel.getByText(secret)).toBeHidden();
  await panel
    .getByRole("button", { name: /View protected data/ })
    .first()
    .click();
  const dialog = page.getByRole("dialog").last();
  await dialog.getByRole("textbox").fill("Checking the number that the bank has refused.");
  await dialog.getByRole("button", { name: /View/ }).click();
  await expect(panel.getByText(secret)).toBeVisible();
  await panel.getByRole("tab", { name: "Audit" }).click();
  await expect(panel.getByText("Checking the number that the bank has refused.").first()).toBeVisible();
  await panel.getByRole("button", { name: /Verify/ }).click();
  await expect(panel.getByText(/intact/i).first()).toBeVisible();
});

test("a sensitive picture is fetched at a click alone, and each look is in the audit", async ({
  page,
  newTicket,
  api,
}) => {
  const because = "Comparing the cheque with what the bank has sent.";
  const ticket = await newTicket({ isSensitive: true });
  const looks = async () => {
    const { data } = await api("admin").GET("/admin/tickets/{ticketId}/audit", {
      params: { path: { ticketId: ticket.id } },
    });
    return (data?.auditEntries ?? []).filter(
      ({ action, reason }) => action === "SENSITIVE_VIEWED" && reason === because,
    );
  };
  await page.goto(`/admin/tickets/${ticket.id}?tab=attachments`);
  const panel = page.getByRole("dialog", { name: `Ticket ${ticket.id}` });
  const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await panel
    .locator("input[type=file]")
    .setInputFiles({ name: "cheque.png", mimeType: "image/png", buffer: Buffer.from(pixel, "base64") });
  const show = panel.getByRole("button", { name: /^Show preview of/ });
  await show.click();
  const why = page.getByRole("dialog", { name: "Look at a sensitive picture" });
  await why.getByRole("textbox").fill(because);
  expect(await looks()).toHaveLength(0);
  await why.getByRole("button", { name: "Show preview" }).click();
  for (const times of [1, 2]) {
    const picture = page.getByRole("dialog").filter({ has: page.getByRole("img", { name: /cheque|withheld/ }) });
    await expect(picture.getByRole("img", { name: /cheque|withheld/ })).toBeVisible();
    expect(await looks()).toHaveLength(times);
    await picture.last().getByRole("button", { name: "Close" }).click();
    if (times === 1) {
      await show.click();
    }
  }
});

test("metadata is edited in rows, and what the API does not take is told beside its row", async ({
  page,
  newTicket,
}) => {
  const ticket = await newTicket({ metadata: { source: "app", amount: 48500 } });
  await page.goto(`/admin/tickets/${ticket.id}`);
  const panel = page.getByRole("dialog", { name: `Ticket ${ticket.id}` });
  await panel.getByRole("button", { name: "Edit" }).click();
  const form = page.getByRole("dialog", { name: `Edit ${ticket.id}` });
  const rows = form.getByRole("group", { name: "Metadata" });
  await rows.getByRole("textbox", { name: "Row 1, value" }).press("Enter");
  await expect(rows.getByRole("textbox", { name: "Row 2, name" })).toBeFocused();
  await rows.getByRole("textbox", { name: "Row 2, value" }).press("Enter");
  await page.keyboard.type("account");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  await page.locator(".ant-select-dropdown").getByTitle("Number").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.type("50100123456789012345");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(rows.getByText("This has more digits than a number keeps. Keep it as text.")).toBeVisible();
  await rows.getByRole("textbox", { name: "Row 3, value" }).fill("501001");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toBeHidden();
  await expect(panel.getByRole("definition").filter({ hasText: "501001" })).toBeVisible();
});

test("two people see each other's changes, and the second to save is shown the first one's", async ({
  page,
  guard,
  person,
  newTicket,
}) => {
  guard.expect(/status of 412/);
  const ticket = await newTicket();
  const other = await person("hq_support");
  for (const each of [page, other.page]) {
    await each.goto(`/admin/tickets/${ticket.id}?tab=timeline`);
    await expect(each.getByRole("dialog").getByText("Live", { exact: true })).toBeVisible();
  }
  await other.page.getByRole("textbox", { name: "Message to all who see the ticket" }).fill("I am on it.");
  await other.page.keyboard.press("Control+Enter");
  await expect(page.getByRole("article").filter({ hasText: "I am on it." })).toBeVisible();

  const mine = page.getByRole("dialog", { name: `Edit ${ticket.id}` });
  const theirs = other.page.getByRole("dialog", { name: `Edit ${ticket.id}` });
  for (const [each, form] of [
    [page, mine],
    [other.page, theirs],
  ] as const) {
    await each.getByRole("button", { name: "Edit" }).click();
    await expect(form.getByRole("textbox", { name: "Title" })).toHaveValue(ticket.title);
  }
  await theirs.getByRole("textbox", { name: "Title" }).fill("Payment late: the bank has been asked");
  await theirs.getByRole("button", { name: "Save" }).click();
  await expect(theirs).toBeHidden();
  await mine.getByRole("textbox", { name: "Title" }).fill("Payment late: the operator has been asked");
  await mine.getByRole("button", { name: "Save" }).click();

  const conflict = page.getByRole("dialog").filter({ hasText: "Payment late: the bank has been asked" }).last();
  await expect(conflict).toContainText("Payment late: the operator has been asked");
});

test.describe("as finance", () => {
  test.use({ role: "finance" });

  test("what a role may not do is not offered", async ({ page, newTicket }) => {
    const ticket = await newTicket({
      linkedType: "LINKED_TYPE_PAYMENT",
      linkedId: "PAY-77",
      ownerRole: "ROLE_FINANCE",
    });
    await page.goto(`/admin/tickets/${ticket.id}`);
    const panel = page.getByRole("dialog", { name: `Ticket ${ticket.id}` });
    await expect(panel.getByRole("toolbar", { name: "Actions" })).toBeVisible();
    await expect(panel.getByRole("button", { name: "Assign" })).toBeHidden();
    await expect(page.getByRole("link", { name: "Webhooks" })).toBeHidden();
    await expect(page.getByRole("button", { name: "Export" })).toBeHidden();
  });
});
