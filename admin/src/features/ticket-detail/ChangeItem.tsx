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
  ASSIGNMENT_CHANGED: <UserSwitchOutlined />,
  ATTACHMENT_ADDED: <PaperClipOutlined />,
  ATTACHMENT_CHANGED: <PaperClipOutlined />,
  ATTACHMENT_REMOVED: <PaperClipOutlined />,
  AUTO_ESCALATED: <ArrowUpOutlined />,
  ESCALATED: <ArrowUpOutlined />,
  FIRST_RESPONSE_BREACHED: <ClockCircleOutlined />,
  SENSITIVE_VIEWED: <EyeOutlined />,
  SLA_BREACHED: <ClockCircleOutlined />,
  SLA_NEAR_BREACH: <ClockCircleOutlined />,
  STATUS_CHANGED: <SwapOutlined />,
  TICKET_ARCHIVED: <InboxOutlined />,
  TICKET_CREATED: <PlusCircleOutlined />,
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
        {ICONS[action] ?? <EditOutlined />}
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
