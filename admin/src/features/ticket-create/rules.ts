import type { FormRule } from "antd";
import type { LinkedEntity } from "./LinkedEntityField";

/** Lengths of the contract, in characters. */
export const TITLE_MAX = 500;
export const DESCRIPTION_MAX = 20_000;
const TITLE_MIN = 10;
const DESCRIPTION_MIN = 20;

export const TITLE_RULES: FormRule[] = [
  { required: true, whitespace: true, message: "Say in one line what it is about." },
  { min: TITLE_MIN, transform: trimmed, message: `${TITLE_MIN} characters at least.`, validateTrigger: "onBlur" },
];

export const DESCRIPTION_RULES: FormRule[] = [
  { required: true, whitespace: true, message: "Say what happened." },
  {
    min: DESCRIPTION_MIN,
    transform: trimmed,
    message: `${DESCRIPTION_MIN} characters at least.`,
    validateTrigger: "onBlur",
  },
];

export const LINK_RULES: FormRule[] = [
  {
    validator: (_, link?: LinkedEntity) =>
      link && !link.linkedId
        ? Promise.reject(new Error("Which one? Give its id, or clear the kind."))
        : Promise.resolve(),
    validateTrigger: "onSubmit",
  },
];

function trimmed(text?: string): string | undefined {
  return text?.trim();
}
