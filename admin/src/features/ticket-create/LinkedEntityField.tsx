import { AutoComplete, Select, Space } from "antd";
import { useState } from "react";
import type { LinkedType } from "@/api/schemas";
import { LINKED_TYPES, optionsOf, wordOf } from "@/vocabulary/tickets";
import { TermOption } from "./TermOption";
import { useTerms } from "./terms";
import "./fields.css";

const ID_MAX = 100;

const EXAMPLES: Readonly<Partial<Record<LinkedType, string>>> = {
  LINKED_TYPE_BOOKING: "BKG-123",
  LINKED_TYPE_SHIPMENT: "SHP-88-2041",
  LINKED_TYPE_TRUCK: "KA01AB1234",
  LINKED_TYPE_OPERATOR: "OP-19",
  LINKED_TYPE_FRANCHISE: "FR-001",
  LINKED_TYPE_DOCUMENT: "DOC-4411",
  LINKED_TYPE_PAYMENT: "PAY-5512",
};

/** What a ticket is about. `linkedId` is empty while only the kind is chosen. */
export type LinkedEntity = { linkedType: LinkedType; linkedId: string };

export type LinkedEntityFieldProps = {
  id?: string;
  value?: LinkedEntity | undefined;
  onChange?: (value: LinkedEntity | undefined) => void;
  disabled?: boolean;
};

/** The kind of a thing and its id; ids that tickets have are suggested, any other can be typed. */
export function LinkedEntityField({ id, value, onChange, disabled = false }: LinkedEntityFieldProps) {
  const [opened, setOpened] = useState(false);
  const kind = value?.linkedType;
  const { terms } = useTerms(
    { kind: "TERM_KIND_LINKED_ID", prefix: value?.linkedId ?? "", linkedType: kind },
    opened && kind !== undefined,
  );
  return (
    <Space.Compact className="linked-field" block>
      <Select
        {...(id && { id })}
        aria-label="Kind of linked thing"
        className="linked-field-type"
        value={kind ?? null}
        onChange={(linkedType: LinkedType | undefined) =>
          onChange?.(linkedType && { linkedType, linkedId: linkedType === kind ? (value?.linkedId ?? "") : "" })
        }
        options={optionsOf(LINKED_TYPES)}
        placeholder="Nothing"
        allowClear
        disabled={disabled}
        popupMatchSelectWidth={150}
      />
      <AutoComplete
        aria-label="Id of the linked thing"
        className="linked-field-id"
        value={value?.linkedId ?? ""}
        onChange={(text: string | undefined) =>
          kind && onChange?.({ linkedType: kind, linkedId: (text ?? "").replace(/\s/g, "").slice(0, ID_MAX) })
        }
        onFocus={() => setOpened(true)}
        disabled={disabled || kind === undefined}
        placeholder={kind === undefined ? "" : (EXAMPLES[kind] ?? `Id of the ${wordOf(LINKED_TYPES, kind).label}`)}
        allowClear
        showSearch={{ filterOption: false }}
        options={terms.map((each) => ({ value: each.term ?? "", label: <TermOption {...each} /> }))}
      />
    </Space.Compact>
  );
}
