import { Button, Flex, theme } from "antd";
import { useCaller } from "@/api/caller";
import { messageOf } from "@/api/errors";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { UserName } from "@/ui/UserName";
import { useNow } from "@/ui/useNow";
import { FoldedText } from "./FoldedText";
import { MessageFrame } from "./MessageItem";
import { hasLostItsKey, type Outgoing } from "./outbox";

/** One's own message before it is known that the server has it: on its way, refused, or left by an earlier page. */
export function OutgoingItem({ outgoing, onRetry, onEdit }: { outgoing: Outgoing; onRetry(): void; onEdit(): void }) {
  const { token } = theme.useToken();
  const { userId } = useCaller();
  const danger = TONES[useScheme().scheme].danger;
  const isOld = hasLostItsKey(outgoing, useNow(60_000));
  const isSending = outgoing.state === "sending";
  return (
    <MessageFrame
      isInternalNote={outgoing.isInternalNote}
      author={<UserName userId={userId} />}
      mine
      aside={
        <span style={{ color: isSending ? token.colorTextDescription : danger.text }}>
          {isSending ? "Sending…" : "Not sent"}
        </span>
      }
      attachments={outgoing.attachments}
    >
      <FoldedText text={outgoing.text} lines={14} />
      {!isSending && (
        <Flex gap={8} align="center" wrap role="alert" className="outgoing-failed">
          <span style={{ color: danger.text }}>
            {outgoing.state === "left" ? "The page was loaded anew before this was sent." : messageOf(outgoing.error)}
            {isOld && " Look whether it is there before you send it again."}
          </span>
          <Button size="small" onClick={onRetry}>
            Send again
          </Button>
          <Button size="small" type="text" onClick={onEdit}>
            Edit
          </Button>
        </Flex>
      )}
    </MessageFrame>
  );
}
