import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The machine's browser: CHROMIUM, or one on the PATH; undefined where there is none. None is ever downloaded. */
export function chromiumPath(): string | undefined {
  const candidates = NAMES.flatMap((name) =>
    (process.env.PATH ?? "").split(delimiter).map((place) => join(place, name)),
  );
  return process.env.CHROMIUM ?? candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
