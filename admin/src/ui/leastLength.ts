/** Characters as the API counts them for a least length: runs of white space are one, those around it none. */
export function visibleLength(text: string): number {
  return [...text.trim().replace(/\s+/g, " ")].length;
}

/** What stands below a field that wants `min` characters: how many it still wants, then how many of `max` there are. */
export function lengthWords(text: string, min: number, max: number): string {
  const length = visibleLength(text);
  if (length >= min) {
    return `${text.length} / ${max}`;
  }
  return length === 0 ? `At least ${min} characters` : `${length} of at least ${min} characters`;
}

/** A rule of a form's field; an empty text is one that is too short. */
export function atLeast(min: number, message: string) {
  return {
    validator: (_: unknown, text?: string) =>
      visibleLength(text ?? "") >= min ? Promise.resolve() : Promise.reject(new Error(message)),
  };
}
