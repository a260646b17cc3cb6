import {
  ArrowUpOutlined,
  ClockCircleOutlined,
  EditOutlined,
  EyeOutlined,
  InboxOutlined,
  PaperClipOutlined,
  PlusCircleOutlined,
  SwapOutlined,
  UserSwitchOutlined,
} from "@ant-design/icons";
import { theme } from "antd";
import { memo, type ReactNode } from "react";
import type { AuditEntry } from "@/api/schemas";
import { OwnerName, UserName } from "@/ui/UserName";
import { actorWords, notableChanges, sentenceOf } from "./auditWords";
import { ChangeList } from "./ChangeList";
import { EntryTime } from "./EntryTime";

const ICONS: Readonly<Record<string, ReactNode>> = {
  ASSIGNMENT_CHANGED: <UserSwitchOutlined aria-hidden />,
  ATTACHMENT_ADDED: <PaperClipOutlined aria-hidden />,
  ATTACHMENT_CHANGED: <PaperClipOutlined aria-hidden />,
  ATTACHMENT_REMOVED: <PaperClipOutlined aria-hidden />,
  AUTO_ESCALATED: <ArrowUpOutlined aria-hidden />,
  ESCALATED: <ArrowUpOutlined aria-hidden />,
  FIRST_RESPONSE_BREACHED: <ClockCircleOutlined aria-hidden />,
  SENSITIVE_VIEWED: <EyeOutlined aria-hidden />,
  SLA_BREACHED: <ClockCircleOutlined aria-hidden />,
  SLA_NEAR_BREACH: <ClockCircleOutlined aria-hidden />,
  STATUS_CHANGED: <SwapOutlined aria-hidden />,
  TICKET_ARCHIVED: <InboxOutlined aria-hidden />,
  TICKET_CREATED: <PlusCircleOutlined aria-hidden />,
};
const ALARMING = new Set(["AUTO_ESCALATED", "ESCALATED", "SLA_BREACHED", "FIRST_RESPONSE_BREACHED"]);

/** Something that was changed, as one sentence, with the values before and after. */
export const ChangeItem = memo(function ChangeItem({ entry }: { entry: AuditEntry }) {
  const { token } = theme.useToken();
  const { words, owner } = sentenceOf(entry);
  const actor = actorWords(entry);
  const action = entry.action ?? "";
  return (
    <div className="timeline-change">
      <span
        className="timeline-change-icon"
        aria-hidden
        style={{
          color: ALARMING.has(action) ? token.colorError : token.colorTextDescription,
          background: token.colorBgLayout,
          borderColor: token.colorBorderSecondary,
        }}
      >
        {ICONS[action] ?? <EditOutlined aria-hidden />}
      </span>
      <div className="timeline-change-text">
        <div className="timeline-change-line">
          <span>
            <strong>{actor ?? <UserName userId={entry.actorId} role={entry.actorRole} />}</strong> {words}
            {owner && (
              <>
                {" "}
                <OwnerName {...owner} />
              </>
            )}
          </span>
          <EntryTime at={entry.createdAt} />
        </div>
        <ChangeList changes={notableChanges(entry)} />
        {entry.reason && (
          <div className="timeline-reason" style={{ color: token.colorTextDescription }}>
            <bdi>“{entry.reason}”</bdi>
          </div>
        )}
      </div>
    </div>
  );
});
