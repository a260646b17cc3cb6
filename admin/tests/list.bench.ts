import { writeFileSync } from "node:fs";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";

/**
 * How soon the list of tickets is usable, and how soon other rows are there: for `make bench` (bench/scenarios/
 * admin_ui.py), against a gateway with many tickets. Times are taken by the page itself, from the start of the
 * navigation, or from the click, to the frame after the one that shows it.
 */
const RUNS = 10;

type Marks = { rows: number; usable: number };

declare global {
  var listMarks: Partial<Marks> | undefined;
}

test("the list", async ({ browser, baseURL }) => {
  const open = async () => {
    const context = await browser.newContext({ baseURL, viewport: { width: 1440, height: 900 } });
    const answer = await context.request.post("/session", { data: { token: process.env.TICKETS_TOKEN } });
    expect(answer.ok(), await answer.text()).toBe(true);
    await context.addInitScript(clickTheFirstRow);
    return context;
  };
  // The first of all fills the caches of server and database, as other people's visits do.
  await timed(await open(), { thenClose: true });
  const cold: Marks[] = [];
  const floor: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    cold.push(await timed(await open(), { thenClose: true }));
    floor.push(await drawn(await open(), "/login"));
  }
  const warm: Marks[] = [];
  const context = await open();
  await timed(context);
  for (let run = 0; run < RUNS; run++) {
    warm.push(await timed(context));
  }
  await context.close();
  const changes = await filterChanges(browser.newContext({ baseURL, viewport: { width: 1440, height: 900 } }));
  writeFileSync(process.env.BENCH_RESULTS ?? "bench-results.json", JSON.stringify({ cold, warm, changes, floor }));
});

async function timed(context: BrowserContext, { thenClose = false } = {}): Promise<Marks> {
  const page = await context.newPage();
  await page.goto("/admin/tickets", { waitUntil: "commit" });
  const marks = await page.waitForFunction(() => (globalThis.listMarks?.usable ? globalThis.listMarks : null));
  const found = (await marks.jsonValue()) as Marks;
  await page.close();
  if (thenClose) {
    await context.close();
  }
  return found;
}

/** What a page without scripts takes until it is drawn, on this machine at this moment. */
async function drawn(context: BrowserContext, path: string): Promise<number> {
  const page = await context.newPage();
  await page.goto(path);
  const paint = await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const found = (await paint.jsonValue()) as number;
  await context.close();
  return found;
}

/** In the page, before all else: clicks the first ticket as soon as it is drawn, and notes when the view has obeyed. */
function clickTheFirstRow(): void {
  const marks: Partial<Marks> = {};
  globalThis.listMarks = marks;
  const look = () => {
    const link = document.querySelector<HTMLElement>("[data-ticket-id] a");
    if (link === null) {
      requestAnimationFrame(look);
      return;
    }
    marks.rows = performance.now();
    const before = location.pathname;
    link.click();
    const obeyed = () => {
      if (location.pathname === before) {
        requestAnimationFrame(obeyed);
      } else {
        marks.usable = performance.now();
      }
    };
    requestAnimationFrame(obeyed);
  };
  requestAnimationFrame(look);
}

/** Every filter is one that was not asked for before, so that none comes out of the page's own cache. */
async function filterChanges(opening: Promise<BrowserContext>): Promise<number[]> {
  const context = await opening;
  await context.request.post("/session", { data: { token: process.env.TICKETS_TOKEN } });
  const page = await context.newPage();
  await page.goto("/admin/tickets");
  await page.locator("[data-ticket-id]").first().waitFor();
  const found: number[] = [];
  const filters = page.getByRole("group", { name: "Filters" });
  for (const filter of ["Status", "Priority"]) {
    found.push(...(await walk(page, filter)));
    await filters.getByRole("button", { name: "Clear all" }).click();
  }
  for (const name of ["Unassigned", "My queue", "Unassigned"]) {
    found.push(await filters.getByRole("button", { name, exact: true }).evaluate(change));
  }
  await context.close();
  return found;
}

/** Through the choices of one filter: a; a and b; b; b and c; c; … */
async function walk(page: Page, filter: string): Promise<number[]> {
  const filters = page.getByRole("group", { name: "Filters" });
  await filters.getByRole("button", { name: new RegExp(`^${filter}`) }).click();
  const choices = page.getByRole("group", { name: filter, exact: true }).getByRole("checkbox");
  await choices.first().waitFor();
  const count = await choices.count();
  const steps = [0, ...Array.from({ length: count - 1 }, (_, at) => [at + 1, at]).flat()];
  const found: number[] = [];
  for (const step of steps) {
    found.push(await choices.nth(step).evaluate(change));
  }
  await page.keyboard.press("Escape");
  return found;
}

async function change(choice: Element): Promise<number> {
  const rows = () =>
    [...document.querySelectorAll("[data-ticket-id]")].map((row) => row.getAttribute("data-ticket-id"));
  const before = rows().join();
  const start = performance.now();
  (choice as HTMLElement).click();
  for (;;) {
    await new Promise(requestAnimationFrame);
    const now = rows();
    if (
      now.length > 0 &&
      now.join() !== before &&
      document.querySelector("[aria-busy=true] [data-ticket-id]") === null
    ) {
      return performance.now() - start;
    }
    if (performance.now() - start > 20_000) {
      throw new Error("the rows stayed the same");
    }
  }
}
