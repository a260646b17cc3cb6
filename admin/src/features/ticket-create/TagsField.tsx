import { Select, Typography } from "antd";
import { useState } from "react";
import { TermOption } from "./TermOption";
import { useTerms } from "./terms";

/** What the API takes. */
export const TAGS_MAX = 20;
const TAG_LENGTH_MAX = 50;

export type TagsFieldProps = {
  id?: string;
  value?: string[] | undefined;
  onChange?: (value: string[]) => void;
  placeholder?: string;
  disabled?: boolean;
};

/** Tags, with those that tickets have already suggested. At most 20 of at most 50 characters; no duplicates. */
export function TagsField({ id, value = [], onChange, placeholder = "Add tags", disabled = false }: TagsFieldProps) {
  const [typed, setTyped] = useState("");
  const [opened, setOpened] = useState(false);
  const { terms, loading } = useTerms({ kind: "TERM_KIND_TAG", prefix: typed }, opened);
  const give = (tags: string[]) => {
    const tidy = tags.map((tag) => [...tag.trim()].slice(0, TAG_LENGTH_MAX).join("")).filter(Boolean);
    onChange?.([...new Set(tidy)].slice(0, TAGS_MAX));
    setTyped("");
  };
  const isFull = value.length >= TAGS_MAX;
  const field = (
    <Select
      {...(id && { id })}
      mode="tags"
      value={value}
      onChange={give}
      disabled={disabled}
      placeholder={placeholder}
      maxCount={TAGS_MAX}
      maxTagTextLength={28}
      tokenSeparators={[",", "\n"]}
      loading={loading && opened}
      onInputKeyDown={(event) => {
        // With nothing typed, the list would take Tab for choosing what is marked in it, and so take a tag out again.
        if (event.key === "Tab" && typed === "") {
          event.stopPropagation();
        }
      }}
      onOpenChange={(open) => setOpened((before) => before || open)}
      showSearch={{ filterOption: false, searchValue: typed, onSearch: setTyped }}
      options={terms.map((each) => ({ value: each.term ?? "", label: each.term, suggestion: each }))}
      optionRender={({ data, label }) => (data.suggestion ? <TermOption {...data.suggestion} /> : <bdi>{label}</bdi>)}
      notFoundContent={null}
      style={{ width: "100%" }}
    />
  );
  return (
    // When no more tags may be added, nothing can be typed, and what the list marks is one that was chosen: Enter would
    // take it out again.
    <div
      onKeyDownCapture={(event) => {
        if (event.key === "Enter" && isFull && !event.ctrlKey && !event.metaKey) {
          event.preventDefault();
          event.stopPropagation();
        }
      }}
    >
      {field}
      <div role="status">
        {isFull && <Typography.Text type="secondary">{TAGS_MAX} tags are the most that a ticket has.</Typography.Text>}
      </div>
    </div>
  );
}
