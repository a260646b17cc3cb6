import { Alert, Button, Radio } from "antd";
import { type ReactNode, useState } from "react";

/** A field that somebody else changed in another way, since the form was opened. */
export type Conflict = { field: string; label: string; mine: ReactNode; theirs: ReactNode };

/** Asks field by field whose value shall hold. Nothing is lost until `onChoose`, with the fields taken from theirs. */
export function ConflictChoice({
  conflicts,
  onChoose,
}: {
  conflicts: readonly Conflict[];
  onChoose(theirs: readonly string[]): void;
}) {
  const [theirs, setTheirs] = useState<readonly string[]>([]);
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title="Somebody else changed this in the meantime"
      description={
        <div className="policy-conflicts">
          {conflicts.length === 0 && <p>What you changed is not touched by it. Save again to put yours on top.</p>}
          {conflicts.map(({ field, label, mine, theirs: other }) => (
            <fieldset key={field}>
              <legend>{label}</legend>
              <Radio.Group
                orientation="vertical"
                value={theirs.includes(field) ? "theirs" : "mine"}
                onChange={({ target }) =>
                  setTheirs(target.value === "theirs" ? [...theirs, field] : theirs.filter((each) => each !== field))
                }
                options={[
                  { value: "mine", label: <>Mine: {mine}</> },
                  { value: "theirs", label: <>Theirs: {other}</> },
                ]}
              />
            </fieldset>
          ))}
          <Button size="small" type="primary" onClick={() => onChoose(theirs)}>
            Go on with this
          </Button>
        </div>
      }
    />
  );
}
