import { AutoComplete } from "antd";
import { useState } from "react";
import { TermOption } from "./TermOption";
import { useTerms } from "./terms";

const ID_MAX = 100;

export type FranchiseFieldProps = {
  id?: string;
  value?: string | undefined;
  onChange?: (value: string | undefined) => void;
  placeholder?: string;
  disabled?: boolean;
};

/** A franchise by its id, such as "FR-001"; those that tickets have are suggested, any other can be typed. */
export function FranchiseField({ id, value, onChange, placeholder = "FR-001", disabled = false }: FranchiseFieldProps) {
  const [opened, setOpened] = useState(false);
  const { terms } = useTerms({ kind: "TERM_KIND_FRANCHISE_ID", prefix: value ?? "" }, opened);
  return (
    <AutoComplete
      {...(id && { id })}
      value={value ?? ""}
      onChange={(text: string | undefined) => onChange?.(text?.trim().slice(0, ID_MAX) || undefined)}
      onOpenChange={(open) => setOpened((before) => before || open)}
      onFocus={() => setOpened(true)}
      disabled={disabled}
      placeholder={placeholder}
      allowClear
      showSearch={{ filterOption: false }}
      options={terms.map((each) => ({ value: each.term ?? "", label: <TermOption {...each} /> }))}
      style={{ width: "100%" }}
    />
  );
}
