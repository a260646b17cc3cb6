/** What answers tell to the second and on their way is no error of this machine's clock. */
const USUAL_MS = 60_000;

let behindMs = 0;

/** Takes note of the service's time, of an answer's `Date`, that has just come. */
export function noteTime(date: string | null): void {
  const told = date === null ? Number.NaN : Date.parse(date);
  if (Number.isFinite(told)) {
    const behind = told - Date.now();
    behindMs = Math.abs(behind) > USUAL_MS ? behind : 0;
  }
}

/** The present in milliseconds since 1970: the service's where this machine's clock is wrong. Deadlines are by that. */
export function presentMs(): number {
  return Date.now() + behindMs;
}
