import { ArrowRightOutlined } from "@ant-design/icons";
import { theme } from "antd";
import { useState } from "react";
import { UserName } from "@/ui/UserName";
import { type Change, WITHHELD } from "./auditWords";

const SHOWN_CHARACTERS = 140;

/**
 * Values before and after, a line each; long ones are cut until one asks for the rest, and so are more than `most`.
 * `isNew`: there was nothing before.
 */
export function ChangeList({
  changes,
  most = Number.POSITIVE_INFINITY,
  isNew = false,
}: {
  changes: readonly Change[];
  most?: number;
  isNew?: boolean;
}) {
  const { token } = theme.useToken();
  const [all, setAll] = useState(false);
  if (changes.length === 0) {
    return null;
  }
  const shown = all || changes.length <= most + 1 ? changes : changes.slice(0, most);
  const left = changes.length - shown.length;
  return (
    <ul className="change-list">
      {shown.map((change) => (
        <ChangeLine key={change.field} change={change} isNew={isNew} />
      ))}
      {left > 0 && (
        <li>
          <button
            type="button"
            className="plain-button"
            style={{ color: token.colorLink }}
            onClick={() => setAll(true)}
          >
            {left} more values
          </button>
        </li>
      )}
    </ul>
  );
}

function ChangeLine({ change: { label, before, after, person }, isNew }: { change: Change; isNew: boolean }) {
  const { token } = theme.useToken();
  const [whole, setWhole] = useState(false);
  const isLong = before.length > SHOWN_CHARACTERS || after.length > SHOWN_CHARACTERS;
  const shown = (text: string) =>
    isLong && !whole && text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return (
    <li>
      <span style={{ color: token.colorTextDescription }}>{label}</span>{" "}
      {!isNew && (
        <>
          <Value text={shown(before)} person={person} />{" "}
          <ArrowRightOutlined aria-label="became" style={{ fontSize: 10, color: token.colorTextDescription }} />{" "}
        </>
      )}
      <strong className={isNew ? "change-new" : undefined}>
        <Value text={shown(after)} person={person} />
      </strong>{" "}
      {isLong && (
        <button
          type="button"
          className="plain-button"
          style={{ color: token.colorLink }}
          onClick={() => setWhole(!whole)}
        >
          {whole ? "less" : "more"}
        </button>
      )}
    </li>
  );
}

function Value({ text, person }: { text: string; person: boolean }) {
  const { token } = theme.useToken();
  if (text === "" || text === WITHHELD) {
    return <em style={{ color: token.colorTextDescription }}>{text || "none"}</em>;
  }
  return person ? <UserName userId={text} /> : <bdi className="change-value">{text}</bdi>;
}
