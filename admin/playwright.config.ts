import { defineConfig } from "@playwright/test";
import { chromiumPath } from "./tests/chromium";

/**
 * Projects, started by pytest (tests/e2e/test_admin_ui.py) and by hand:
 *
 *   npm run test:stories   every story of storybook-static (`npm run stories` builds it)
 *   npm run test:e2e       the real stack at TICKETS_URL; see e2e/fixtures.ts
 */
export default defineConfig({
  outputDir: "test-results/traces",
  forbidOnly: process.env.CI !== undefined,
  workers: 2,
  fullyParallel: true,
  reporter: [
    ["list"],
    ...(process.env.PLAYWRIGHT_JSON ? [["json", { outputFile: process.env.PLAYWRIGHT_JSON }] as const] : []),
  ],
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath: chromiumPath(),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--force-color-profile=srgb",
      ],
    },
    locale: "en-IN",
    timezoneId: "Asia/Kolkata",
    contextOptions: { reducedMotion: "reduce" },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
  projects: [
    {
      name: "stories",
      testDir: "tests",
      testMatch: "stories.spec.ts",
      timeout: 60_000,
      // What a story plays waits a second for each thing, which on a machine at its limit may be too short once.
      retries: 1,
      // It takes its own pictures.
      use: { trace: "off", screenshot: "off" },
    },
    {
      name: "e2e",
      testDir: "e2e",
      testIgnore: "pictures.spec.ts",
      timeout: 90_000,
      expect: { timeout: 15_000 },
      // One stack for all: tests of a file follow each other, files run side by side.
      fullyParallel: false,
      // For a crash of the browser, and nothing else: tests/e2e/test_admin_ui.py sees to that.
      retries: 1,
      use: { baseURL: process.env.TICKETS_URL, viewport: { width: 1440, height: 900 } },
    },
    // Of the documents: `make pictures`, on a stack of its own, which has the demonstration's data alone.
    {
      name: "pictures",
      testDir: "e2e",
      testMatch: "pictures.spec.ts",
      timeout: 120_000,
      expect: { timeout: 15_000 },
      use: { baseURL: process.env.TICKETS_URL, viewport: { width: 1440, height: 900 } },
    },
    // Of `make bench`.
    {
      name: "bench",
      testDir: "tests",
      testMatch: "list.bench.ts",
      timeout: 300_000,
      use: { baseURL: process.env.TICKETS_URL, trace: "off", screenshot: "off" },
    },
  ],
});
