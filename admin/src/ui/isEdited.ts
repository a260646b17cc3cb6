/** Whether a form holds anything else than it began with. Blank, null, no entries and not there at all are the same. */
export function isEdited(before: object, now: object): boolean {
  return JSON.stringify(told(before)) !== JSON.stringify(told(now));
}

/** Without what is empty, and in one order. */
function told(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : value.map(told);
  }
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value)
      .map(([name, part]) => [name, told(part)] as const)
      .filter(([, part]) => part !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1));
    return fields.length === 0 ? undefined : Object.fromEntries(fields);
  }
  return value === "" || value === null ? undefined : value;
}
