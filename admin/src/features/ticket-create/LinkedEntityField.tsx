import type { LinkedType } from "@/api/schemas";

/** What a ticket is about: both parts, or neither. */
export type LinkedEntity = { linkedType: LinkedType; linkedId: string };

export type LinkedEntityFieldProps = {
  id?: string;
  value?: LinkedEntity | undefined;
  onChange?: (value: LinkedEntity | undefined) => void;
  disabled?: boolean;
};

export function LinkedEntityField(_props: LinkedEntityFieldProps) {
  return null;
}
