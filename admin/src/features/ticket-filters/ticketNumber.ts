/** The ticket id that somebody means by "TKT-1001", "tkt 1001" or "#1001"; undefined for words to search for. */
export function ticketIdOf(text: string): string | undefined {
  const digits = /^\s*(?:tkt[-\s]?|#)(\d{1,18})\s*$/i.exec(text)?.[1];
  return digits && `TKT-${digits}`;
}
