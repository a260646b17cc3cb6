import { randomUUID } from "node:crypto";
import { type BrowserContext, test as base, expect, type Page } from "@playwright/test";
import createClient, { type Client } from "openapi-fetch";
import type { paths } from "#http";
import { ConsoleGuard } from "../tests/consoleGuard";
import { due } from "./dueTicket";

export { expect };

/** Demo users, one a role: their ids are `demo-` and the role. */
export type Role =
  | "admin"
  | "ops_manager"
  | "ops_agent"
  | "franchise_agent"
  | "regional_manager"
  | "hq_support"
  | "finance";

/** Somebody at a browser of their own. */
export type Person = { page: Page; guard: ConsoleGuard; context: BrowserContext };

export type Api = Client<paths>;

type Fixtures = {
  /** Who `page` belongs to: `test.use({ role: "admin" })`. */
  role: Role | "nobody";
  /** Of `page`. A test that brings about a refusal says so: `guard.expect(/status of 412/)`. */
  guard: ConsoleGuard;
  /** Another person, in a browser of their own. */
  person(role: Role): Promise<Person>;
  /** The API as a role, without a browser. */
  api(role: Role): Api;
  /** A ticket made through the API; what is given replaces the usual. Its title is the test's own. */
  newTicket(given?: NewTicket, role?: Role): Promise<{ id: string; title: string }>;
  /** A ticket of LOW priority, in the queue of franchise agents, whose deadline comes in so many seconds (at most 59). */
  dueTicket(secondsLeft: number): Promise<{ id: string; title: string }>;
};

type NewTicket = Partial<paths["/tickets"]["post"]["requestBody"]["content"]["application/json"]>;

/** Every test fails on an error or warning on the console of any of its pages, or an exception that nobody caught. */
export const test = base.extend<Fixtures>({
  role: ["ops_manager", { option: true }],

  guard: async ({ page }, use) => {
    const guard = new ConsoleGuard(page);
    await use(guard);
    expect(guard.take(), "the console").toEqual([]);
  },

  page: async ({ page, role }, use) => {
    if (role !== "nobody") {
      await logIn(page.context(), role);
    }
    await use(page);
  },

  person: async ({ browser, contextOptions, viewport, locale, timezoneId, baseURL }, use) => {
    const people: Person[] = [];
    await use(async (role) => {
      const context = await browser.newContext({ ...contextOptions, viewport, locale, timezoneId, baseURL });
      await logIn(context, role);
      const page = await context.newPage();
      const person = { page, context, guard: new ConsoleGuard(page) };
      people.push(person);
      return person;
    });
    const complaints = people.flatMap(({ guard }) => guard.take());
    await Promise.all(people.map(({ context }) => context.close()));
    expect(complaints, "the consoles of all persons").toEqual([]);
  },

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from its pattern
  api: async ({}, use) => {
    await use(apiOf);
  },

  newTicket: async ({ api }, use) => {
    await use(async (given = {}, role = "ops_manager") => {
      const title = `Payment not received ${randomUUID().slice(0, 8)}`;
      const body = {
        title,
        description: "The shipper has paid; after three days the operator has not received the amount.",
        priority: "TICKET_PRIORITY_MEDIUM" as const,
        ...given,
      };
      const { data, error } = await api(role).POST("/tickets", { body });
      expect(error, "a new ticket").toBeUndefined();
      return { id: data?.id ?? "", title: data?.title ?? "" };
    });
  },

  dueTicket: async ({ api }, use) => {
    await use(async (secondsLeft) => {
      const title = `Truck did not arrive ${randomUUID().slice(0, 8)}`;
      return { id: await due(api("admin"), title, secondsLeft), title };
    });
  },
});

// Also for tests that do not ask for it.
test.beforeEach(({ guard }) => {
  expect(guard).toBeDefined();
});

/** The session of a demo user, without the page of the login. */
export async function logIn(context: BrowserContext, role: Role): Promise<void> {
  const answer = await context.request.post(`${url()}/session`, { data: { token: tokenOf(role) } });
  expect(answer.ok(), await answer.text()).toBe(true);
}

function apiOf(role: Role): Api {
  return createClient<paths>({ baseUrl: url(), headers: { Authorization: `Bearer ${tokenOf(role)}` } });
}

/** Where the gateway of the stack is; tests/e2e/test_admin_ui.py starts one. */
function url(): string {
  return given("TICKETS_URL");
}

/** TICKETS_TOKENS is a JSON object of tokens by role. */
function tokenOf(role: Role): string {
  const token = (JSON.parse(given("TICKETS_TOKENS")) as Record<string, string>)[role];
  if (token === undefined) {
    throw new Error(`TICKETS_TOKENS has none for ${role}`);
  }
  return token;
}

function given(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: start these by .venv/bin/pytest tests/e2e/test_admin_ui.py`);
  }
  return value;
}
