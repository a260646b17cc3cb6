/** Numbers of metadata: IEEE doubles for the API, which are refused here before one would be kept as another. */

const [SMALLEST, LARGEST] = [1e-15, 1e21];
const OUT_OF_RANGE = `Numbers are 0, or between ${SMALLEST} and ${LARGEST} in size.`;

/** Each character can be matched in one way only, so that no text takes long. */
const NUMBER = /^[+-]?(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/** What is wrong with a number that somebody wrote. */
export function numberProblem(text: string): string | null {
  const [digits, whole = "", part = ""] = NUMBER.exec(text) ?? [];
  if (digits === undefined || whole + part === "") {
    return "This is no number. Write it as 48500 or 0.5.";
  }
  const [written, kept] = [significant(text), significant(String(Number(text)))];
  if (!isInRange(Number(text)) || (kept === "0" && written !== "0")) {
    return OUT_OF_RANGE;
  }
  return written === kept ? null : "This has more digits than a number keeps. Keep it as text.";
}

function isInRange(value: number): boolean {
  return value === 0 || (Math.abs(value) >= SMALLEST && Math.abs(value) <= LARGEST);
}

/** "0.50", ".5" and "5e-1" are one number. */
function significant(text: string): string {
  const [, whole = "", part = "", power = "0"] = NUMBER.exec(text) ?? [];
  const digits = `${whole}${part}`.replace(/^0+/, "");
  let end = digits.length;
  while (digits[end - 1] === "0") {
    end -= 1;
  }
  return end === 0 ? "0" : `${digits.slice(0, end)}e${Number(power) - part.length + digits.length - end}`;
}

/** How many characters the server counts for a number, which it writes as 1e+20, 1e-05 or 9007199254740992.0. */
export function lengthOfNumber(value: number): number {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 2 ** 53) {
    return String(value).length;
  }
  if (size >= 1e16 || size < 1e-4) {
    return value.toExponential().replace(/(?<=e[+-])(?=\d$)/, "0").length;
  }
  return String(value).length + (Number.isInteger(value) ? ".0".length : 0);
}
