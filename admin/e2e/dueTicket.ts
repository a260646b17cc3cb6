import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Client } from "openapi-fetch";
import type { paths } from "#http";

const ROOT = join(import.meta.dirname, "..", "..");

/**
 * A ticket that is as old as it takes for its deadline to come in so many seconds. The policy of LOW is made the
 * shortest there is, a minute, through the API; only the ticket's age is a matter of the database (see
 * tests/e2e/aged_ticket.py). Everything after that happens by itself.
 */
export async function due(admin: Client<paths>, title: string, secondsLeft: number): Promise<string> {
  const { error } = await admin.PATCH("/admin/sla-policies/{priority}", {
    params: {
      path: { priority: "TICKET_PRIORITY_LOW" },
      query: { updateMask: "responseTimeMinutes,resolutionTimeMinutes,escalationIntervalMinutes" },
    },
    body: { responseTimeMinutes: 1, resolutionTimeMinutes: 1, escalationIntervalMinutes: 1 },
  });
  if (error !== undefined) {
    throw new Error(`the policy: ${JSON.stringify(error)}`);
  }
  const python = process.env.TICKETS_PYTHON ?? join(ROOT, ".venv", "bin", "python");
  const command = ["-m", "tests.e2e.aged_ticket", "--priority", "LOW", "--age", String(60 - secondsLeft), title];
  return execFileSync(python, command, { cwd: ROOT, encoding: "utf8" }).trim();
}
