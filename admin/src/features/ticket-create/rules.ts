import type { FormRule } from "antd";
import { atLeast, lengthWords } from "@/ui/leastLength";
import type { LinkedEntity } from "./LinkedEntityField";

/** Lengths of the contract, in characters. */
export const TITLE_MAX = 500;
export const DESCRIPTION_MAX = 20_000;
const TITLE_MIN = 10;
const DESCRIPTION_MIN = 20;

export const TITLE_RULES = [must(TITLE_MIN, "Say in one line what it is about")];
export const DESCRIPTION_RULES = [must(DESCRIPTION_MIN, "Say what happened")];

/** What stands where antd has its counter. */
export const TITLE_COUNT = countOf(TITLE_MIN, TITLE_MAX);
export const DESCRIPTION_COUNT = countOf(DESCRIPTION_MIN, DESCRIPTION_MAX);

export const LINK_RULES: FormRule[] = [
  {
    validator: (_, link?: LinkedEntity) =>
      link && !link.linkedId
        ? Promise.reject(new Error("Which one? Give its id, or clear the kind."))
        : Promise.resolve(),
    validateTrigger: "onSubmit",
  },
];

function must(min: number, what: string): FormRule {
  return { required: true, ...atLeast(min, `${what}, in ${min} characters or more.`), validateTrigger: "onBlur" };
}

function countOf(min: number, max: number) {
  return { formatter: ({ value }: { value: string }) => lengthWords(value, min, max) };
}
