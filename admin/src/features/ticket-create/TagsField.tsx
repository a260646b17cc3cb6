export type TagsFieldProps = {
  id?: string;
  value?: string[] | undefined;
  onChange?: (value: string[]) => void;
  placeholder?: string;
  disabled?: boolean;
};

export function TagsField(_props: TagsFieldProps) {
  return null;
}
