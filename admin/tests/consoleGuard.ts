import type { ConsoleMessage, Page } from "@playwright/test";

/** What a page complains of: errors and warnings on its console, and exceptions that nobody caught. */
export class ConsoleGuard {
  private complaints: string[] = [];
  private readonly expected: RegExp[] = [];

  constructor(page: Page) {
    page.on("console", (message) => this.note(message));
    page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.stack ?? error.message}`));
  }

  /** Some that a test brings about itself, and names. */
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  /** All since the last time. */
  take(): string[] {
    const taken = this.complaints.filter((text) => !this.expected.some((pattern) => pattern.test(text)));
    this.complaints = [];
    return taken;
  }

  private note(message: ConsoleMessage): void {
    if (message.type() === "error" || message.type() === "warning") {
      this.complaints.push(`console.${message.type()}: ${message.text()} (${message.location().url})`);
    }
  }
}
