export type FranchiseFieldProps = {
  id?: string;
  value?: string | undefined;
  onChange?: (value: string | undefined) => void;
  placeholder?: string;
  disabled?: boolean;
};

export function FranchiseField(_props: FranchiseFieldProps) {
  return null;
}
