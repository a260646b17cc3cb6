import { Alert, Input, Modal } from "antd";
import { useFocusReturn } from "@/ui/useFocusReturn";
import { CopyButton } from "./CopyButton";

/** The signing secret, which nobody is shown a second time. */
export function SecretModal({ secret, isRotated, onClose }: { secret: string; isRotated: boolean; onClose(): void }) {
  useFocusReturn();
  return (
    <Modal
      open
      title={isRotated ? "The new signing secret" : "The signing secret"}
      onCancel={onClose}
      mask={{ closable: false }}
      okText="I have kept it"
      onOk={onClose}
      cancelButtonProps={{ style: { display: "none" } }}
      width={560}
    >
      <div className="webhook-stack">
        <Alert
          type="warning"
          showIcon
          title="It is shown this once"
          description={
            isRotated
              ? "For 24 hours each post is signed with the old secret too: change the receiver's within that time."
              : "Give it to the receiver, which needs it to check that a post came from here. If it is lost, rotate it."
          }
        />
        <div className="webhook-secret">
          <Input readOnly value={secret} aria-label="Signing secret" onFocus={({ target }) => target.select()} />
          <CopyButton text={secret} what="secret" />
        </div>
      </div>
    </Modal>
  );
}
