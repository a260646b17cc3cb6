import { theme } from "antd";
import { FoldedText } from "./FoldedText";

type Json = unknown;

/** Characters of a text that is folded; so is one of several lines. */
const FOLDED = 200;

/** Data of the system that made the ticket: names and values, nested as they are. */
export function MetadataView({ metadata }: { metadata: Readonly<Record<string, Json>> }) {
  const { token } = theme.useToken();
  return (
    <dl className="metadata" style={{ borderColor: token.colorBorderSecondary }}>
      {Object.entries(metadata).map(([name, value]) => (
        <div key={name} className={isNested(value) ? "metadata-nested" : undefined}>
          <dt style={{ color: token.colorTextDescription }}>
            <bdi>{name}</bdi>
          </dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Whether it has names of its own: those go below, as beside each other they would get narrower and narrower. */
function isNested(value: Json): boolean {
  const isObject = (each: Json) => typeof each === "object" && each !== null;
  return Array.isArray(value) ? value.some(isObject) : isObject(value);
}

function Value({ value }: { value: Json }) {
  const { token } = theme.useToken();
  if (value === null || value === "") {
    return <em style={{ color: token.colorTextDescription }}>{value === null ? "null" : "empty"}</em>;
  }
  if (Array.isArray(value) && !isNested(value)) {
    return <bdi>{value.map(String).join(", ")}</bdi>;
  }
  if (typeof value === "object" && !Array.isArray(value)) {
    return <MetadataView metadata={value as Record<string, Json>} />;
  }
  if (Array.isArray(value)) {
    return <MetadataView metadata={Object.fromEntries(value.map((each, index) => [String(index + 1), each]))} />;
  }
  if (typeof value === "boolean") {
    return value ? "True" : "False";
  }
  const text = String(value);
  return text.length > FOLDED || text.includes("\n") ? <FoldedText text={text} lines={4} /> : <bdi>{text}</bdi>;
}
