export type TextPart =
  | { kind: "text"; text: string }
  | { kind: "address"; text: string; href: string }
  | { kind: "ticket"; text: string; id: string };

// An address is what begins with its scheme, up to a space or a character that draws nothing. Names such as
// "rodistaa.in", and schemes other than these, stay words.
const LINK = /\bhttps?:\/\/[^\s<>"`\p{C}\p{Default_Ignorable_Code_Point}\u2800]+|(?<![\w-])TKT-[1-9]\d{0,17}\b/giu;

// Without the flag u, which would take the sign of Kelvin for a k.
const TICKET = /^tkt/i;
const HOST = /^https?:\/\/([\w.:[\]-]+?)(?::\d+)?(?:[/?#]|$)/i;

/** More than people write; thousands of links would keep the page busy. */
const MOST_LINKS = 100;

/**
 * Plain text in its order, with the addresses of pages and the numbers of tickets that are written in it told apart:
 * the first 100 of them, the rest stays words.
 */
export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  let links = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const part = linkOf(found);
    if (part !== undefined) {
      if (index > from) {
        parts.push({ kind: "text", text: text.slice(from, index) });
      }
      parts.push(part);
      from = index + part.text.length;
      links += 1;
      if (links === MOST_LINKS) {
        break;
      }
    }
  }
  if (from < text.length) {
    parts.push({ kind: "text", text: text.slice(from) });
  }
  return parts;
}

function linkOf(found: string): TextPart | undefined {
  if (TICKET.test(found)) {
    return { kind: "ticket", text: found, id: found.toUpperCase() };
  }
  const text = withoutSentence(found);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // It leads to the host that is read in it: not to one behind a user's name, or one that is written in another way.
  return url !== undefined && HOST.exec(text)?.[1]?.toLowerCase() === url.hostname
    ? { kind: "address", text, href: url.href }
    : undefined;
}

/** Without the marks that end the sentence around an address; a bracket stays that was opened within it. */
function withoutSentence(address: string): string {
  // How many brackets are opened more often than closed, less than 0 for those that the address did not open.
  const open: Record<string, number> = { ")": 0, "]": 0, "}": 0 };
  for (const mark of address) {
    const closing = CLOSING[mark] ?? mark;
    if (closing in open) {
      open[closing] = (open[closing] ?? 0) + (mark === closing ? -1 : 1);
    }
  }
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address[end - 1] ?? "";
    const balance = open[last];
    if (balance === undefined ? !/[.,;:!?،؛؟।'’”»*_]/u.test(last) : balance >= 0) {
      break;
    }
    if (balance !== undefined) {
      open[last] = balance + 1;
    }
  }
  return address.slice(0, end);
}

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
