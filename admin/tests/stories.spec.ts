import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test as base, expect } from "@playwright/test";
import { ConsoleGuard } from "./consoleGuard";
import { serve } from "./staticServer";
import { type Scheme, StoryPage } from "./storyPage";

/**
 * Every story, light and dark, on a laptop and on a phone: nothing on the console, nothing that axe takes seriously,
 * and a picture of each in test-results/stories.
 */
const BUILD = process.env.STORYBOOK_STATIC ?? join(import.meta.dirname, "..", "storybook-static");
const PICTURES = join(import.meta.dirname, "..", "test-results", "stories");
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const SCHEMES: Scheme[] = ["light", "dark"];
/** Stories of there being nothing to show. */
const EMPTY = new Set(["attachments-uploadlist--nothing"]);
/** Of the browser itself, for refusals that a story is about. */
const REFUSED = /Failed to load resource: the server responded with a status of [45]\d\d/;

/** A bulk change that its story leaves without an answer is sent again, twice, while the next stories are shown. */
const SENT_AGAIN = /net::ERR_FAILED \(.*\/admin\/tickets\/bulk\)/;

type Story = { id: string; type: string; title: string; name: string };

const index = join(BUILD, "index.json");
if (!existsSync(index)) {
  throw new Error(`${index} is not there: npm run stories`);
}
const stories = Object.values(JSON.parse(readFileSync(index, "utf8")).entries as Record<string, Story>).filter(
  (story) => story.type === "story",
);

type Stage = { guard: ConsoleGuard; shown: StoryPage };

const test = base.extend<object, { stages: Record<Scheme, Stage> }>({
  stages: [
    async ({ browser }, use) => {
      const server = await serve(BUILD);
      // What lives as long as a worker gets none of the options that pages of tests have.
      const context = await browser.newContext({
        locale: "en-IN",
        timezoneId: "Asia/Kolkata",
        reducedMotion: "reduce",
      });
      const stage = async (scheme: Scheme): Promise<Stage> => {
        const page = await context.newPage();
        const guard = new ConsoleGuard(page);
        guard.expect(REFUSED);
        guard.expect(SENT_AGAIN);
        return { guard, shown: new StoryPage(page, server.url, scheme) };
      };
      await use({ light: await stage("light"), dark: await stage("dark") });
      await context.close();
      await server.close();
    },
    { scope: "worker" },
  ],
});

for (const story of stories) {
  test(`${story.title} › ${story.name}`, async ({ stages }) => {
    for (const scheme of SCHEMES) {
      const { guard, shown } = stages[scheme];
      for (const { width, height } of SIZES) {
        const place = `${scheme}, ${width} px`;
        const failure = await shown.show(story.id, width, height);
        expect.soft(failure, `${place}: it is drawn, and played to its end`).toBeNull();
        expect.soft(await shown.isBlank(), `${place}: nothing is drawn`).toBe(EMPTY.has(story.id));
        // A phone has the same colours: what else it has is looked at once.
        if (width === 1440 || scheme === "light") {
          expect.soft(await shown.seriousViolations(), `${place}: axe`).toEqual([]);
        }
        await shown.page.screenshot({
          path: join(PICTURES, `${story.id}--${scheme}--${width}.png`),
          animations: "disabled",
        });
        expect.soft(guard.take(), `${place}: console`).toEqual([]);
      }
    }
  });
}
