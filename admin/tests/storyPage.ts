import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { AxeResults } from "axe-core";

export type Scheme = "light" | "dark";

type Channel = {
  on(event: string, listener: (payload: unknown) => void): void;
  emit(event: string, payload: unknown): void;
};

type Preview = {
  __STORYBOOK_ADDONS_CHANNEL__?: Channel;
  /** Ended stories so far, with what went wrong in them. */
  storyEnds?: { storyId: string; failure: string | null }[];
  storyIsComplete?: () => boolean;
  /** When something was last changed in the page, by performance.now(). */
  changedAt?: number;
  axe?: { run(options: object): Promise<AxeResults> };
};

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** For answers that stay away on purpose, as in stories of loading: longer than any other story takes. */
const PATIENCE_MS = 700;

/** Longer than React holds back what is ready to replace a fallback (300 ms). */
const QUIET_MS = 400;

/** The story that the preview is opened with: one that plays nothing, as to show another in mid-play loads the page anew. */
const FIRST_STORY = "shared--tags";

/** Storybook's preview in one scheme, which shows one story after another without being loaded anew. */
export class StoryPage {
  private isOpen = false;

  constructor(
    readonly page: Page,
    private readonly url: string,
    private readonly scheme: Scheme,
  ) {}

  /** Shows it, its play function done and its answers there; gives what went wrong. */
  async show(storyId: string, width: number, height: number): Promise<string | null> {
    // Of what stands behind another page a browser draws a frame a second.
    await this.page.bringToFront();
    await this.page.setViewportSize({ width, height });
    if (!this.isOpen) {
      // The add-on for accessibility is told to be quiet: axe runs from outside, on what a person sees.
      await this.page.goto(`${this.url}/iframe.html?id=${FIRST_STORY}&globals=scheme:${this.scheme};a11y.manual:!true`);
      await this.page.waitForFunction(() => (globalThis as Preview).storyIsComplete !== undefined);
      await this.page.evaluate(listen);
      await this.page.addScriptTag({ path: AXE });
      this.isOpen = true;
    }
    const failure = await this.page.evaluate(select, storyId);
    await this.page
      .waitForFunction(() => (globalThis as Preview).storyIsComplete?.() ?? false, null, { timeout: PATIENCE_MS })
      .catch(() => undefined);
    await this.page.waitForFunction(isQuiet, QUIET_MS);
    await this.page.evaluate(settle);
    return failure;
  }

  /** Whether nothing at all is drawn. */
  isBlank(): Promise<boolean> {
    return this.page.evaluate(isBlank);
  }

  /** What axe finds in what is shown, each with what to do about it. */
  async seriousViolations(): Promise<string[]> {
    const { violations } = await this.page.evaluate(runAxe);
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}\n${node.failureSummary}`));
  }
}

async function runAxe(): Promise<AxeResults> {
  const found = await (globalThis as Preview).axe?.run({ resultTypes: ["violations"] });
  if (found === undefined) {
    throw new Error("axe is not there");
  }
  return found;
}

function listen(): void {
  const preview = globalThis as Preview;
  const channel = preview.__STORYBOOK_ADDONS_CHANNEL__;
  const ends: NonNullable<Preview["storyEnds"]> = [];
  preview.storyEnds = ends;
  let failure: string | null = null;
  const note = (what: unknown) => {
    const told = what as { message?: string; description?: string; stack?: string };
    failure = told?.stack ?? told?.message ?? told?.description ?? JSON.stringify(what);
  };
  for (const event of ["storyErrored", "storyThrewException", "playFunctionThrewException", "storyMissing"]) {
    channel?.on(event, (what) => {
      note(what);
      // Of these no end is told.
      if (event !== "playFunctionThrewException") {
        ends.push({ storyId: "*", failure });
        failure = null;
      }
    });
  }
  preview.changedAt = performance.now();
  new MutationObserver(() => {
    preview.changedAt = performance.now();
  }).observe(document.body, { childList: true, subtree: true });
  channel?.on("storyFinished", (end) => {
    ends.push({ storyId: (end as { storyId: string }).storyId, failure });
    failure = null;
  });
}

/** Of the story's own root and of what it opens over the page: other parts of the body are left over from measuring. */
function isBlank(): boolean {
  const parts = [...document.querySelectorAll<HTMLElement>("#storybook-root, body > div:not([id]):not([class^=sb-])")];
  return parts
    .filter((part) => part.checkVisibility())
    .every(
      (part) =>
        part.innerText.trim() === "" &&
        ![...part.querySelectorAll("svg, img, input, canvas, .ant-skeleton, .ant-skeleton-element")].some((drawn) =>
          drawn.checkVisibility(),
        ),
    );
}

/** Whether nothing has changed for so long. */
function isQuiet(milliseconds: number): boolean {
  return performance.now() - ((globalThis as Preview).changedAt ?? 0) > milliseconds;
}

async function select(storyId: string): Promise<string | null> {
  const preview = globalThis as Preview;
  const ends = preview.storyEnds ?? [];
  ends.length = 0;
  // That of the story before: it may still be there when this one says that it has ended.
  preview.storyIsComplete = undefined;
  const shown = new URLSearchParams(location.search).get("id");
  const channel = preview.__STORYBOOK_ADDONS_CHANNEL__;
  if (shown === storyId) {
    channel?.emit("forceRemount", { storyId });
  } else {
    channel?.emit("setCurrentStory", { storyId, viewMode: "story" });
  }
  const giveUp = performance.now() + 20_000;
  for (;;) {
    const end = ends.find((each) => each.storyId === storyId || each.storyId === "*");
    if (end !== undefined) {
      return end.failure;
    }
    if (performance.now() > giveUp) {
      return "the story did not end";
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Two frames: what effects have asked for is drawn. */
async function settle(): Promise<void> {
  await document.fonts.ready;
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}
