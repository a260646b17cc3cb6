import { numberProblem } from "./metadataNumbers";

/** Strings, with the colon that makes them names, numbers and brackets. Of text that is known to be JSON. */
const TOKENS = /("[^"\\]*(?:\\.[^"\\]*)*")\s*(:?)|-?\d[\d.eE+-]*|[{}[\]]/g;

/** Characters of a name that is told. */
const NAME_TOLD = 40;

/** The value of JSON text, which is refused where reading it would lose something: digits, or a name given twice. */
export function parsed(text: string): { value: unknown; problem: string | null } {
  try {
    const value: unknown = JSON.parse(text);
    return { value, problem: lossOf(text) };
  } catch (error) {
    const why = error instanceof Error ? error.message : "it cannot be read";
    return { value: undefined, problem: text.trim() === "" ? "Write a value as JSON." : `This is no JSON: ${why}` };
  }
}

function lossOf(json: string): string | null {
  const namesOfObjects: Set<string>[] = [];
  for (const [token, string, colon] of json.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      namesOfObjects.push(new Set());
    } else if (token === "}" || token === "]") {
      namesOfObjects.pop();
    } else if (string === undefined) {
      const problem = numberProblem(token);
      if (problem !== null) {
        return token.length <= NAME_TOLD ? `${token}: ${problem}` : problem;
      }
    } else if (colon) {
      const name = JSON.parse(string) as string;
      const names = namesOfObjects.at(-1);
      if (names?.has(name)) {
        return `The name ${name.length <= NAME_TOLD ? string : `${string.slice(0, NAME_TOLD)}…"`} stands there twice.`;
      }
      names?.add(name);
    }
  }
  return null;
}
