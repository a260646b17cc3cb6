import type { Role } from "@/api/schemas";

export type MemberFieldProps = {
  id?: string;
  /** A user id. */
  value?: string | undefined;
  onChange?: (userId: string | undefined) => void;
  /** Only members of these roles. */
  roles?: readonly Role[];
  placeholder?: string;
  disabled?: boolean;
};

export function MemberField(_props: MemberFieldProps) {
  return null;
}
