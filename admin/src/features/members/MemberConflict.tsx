import { Alert, Button, Flex, Radio, theme } from "antd";
import { useState } from "react";
import { type DraftField, differences, type MemberDraft, merged } from "./memberDraft";
import "./members.css";

/** Somebody else saved the member since it was read: field by field, mine or theirs. */
export function MemberConflict({
  mine,
  theirs,
  onResolve,
}: {
  mine: MemberDraft;
  theirs: MemberDraft;
  onResolve(draft: MemberDraft): void;
}) {
  const { token } = theme.useToken();
  const fields = differences(mine, theirs);
  const [mineIn, setMineIn] = useState<readonly DraftField[]>(() => fields.map(({ field }) => field));
  return (
    <Flex vertical gap={12}>
      <Alert
        type="warning"
        showIcon
        role="alert"
        title="Somebody else has changed this member meanwhile"
        description={
          fields.length === 0 ? "They saved the same as you would." : "Choose for each field, then save what comes out."
        }
      />
      {fields.map(({ field, label, mine: own, theirs: other }) => (
        <fieldset key={field} className="member-conflict" style={{ borderColor: token.colorBorder }}>
          <legend>{label}</legend>
          <Radio.Group
            vertical
            value={mineIn.includes(field) ? "mine" : "theirs"}
            onChange={({ target }) =>
              setMineIn((before) =>
                target.value === "mine" ? [...before, field] : before.filter((each) => each !== field),
              )
            }
            options={[
              { value: "mine", label: <Side whose="Mine" text={own} /> },
              { value: "theirs", label: <Side whose="Theirs" text={other} /> },
            ]}
          />
        </fieldset>
      ))}
      <Button type="primary" onClick={() => onResolve(merged(mine, theirs, mineIn))}>
        Go on with these
      </Button>
    </Flex>
  );
}

function Side({ whose, text }: { whose: string; text: string }) {
  return (
    <>
      {whose}: <bdi className="member-conflict-value">{text}</bdi>
    </>
  );
}
