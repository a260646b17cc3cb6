import { LockOutlined } from "@ant-design/icons";
import { theme } from "antd";
import { lazy, memo, type ReactNode, Suspense } from "react";
import { useCaller } from "@/api/caller";
import type { Attachment, Message } from "@/api/schemas";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { PartBoundary } from "@/ui/PartBoundary";
import { ToneTag } from "@/ui/StatusTag";
import { UserName } from "@/ui/UserName";
import { ROLES, wordOf } from "@/vocabulary/tickets";
import { EntryTime } from "./EntryTime";
import { FoldedText } from "./FoldedText";

const AttachmentChip = lazy(async () => ({
  default: (await import("@/features/attachments/AttachmentChip")).AttachmentChip,
}));

const STAFF = /FRANCHISE_AGENT|OPS_|REGIONAL|HQ_|CEO|ADMIN|FINANCE|COMPLIANCE/;

/** What somebody said. An internal note has another colour, a border of dashes, and says so. */
export const MessageItem = memo(function MessageItem({ message }: { message: Message }) {
  const { token } = theme.useToken();
  return (
    <MessageFrame
      isInternalNote={message.isInternalNote ?? false}
      author={<UserName userId={message.actorId} role={message.actorRole} />}
      role={message.actorRole && !STAFF.test(message.actorRole) ? wordOf(ROLES, message.actorRole).label : undefined}
      mine={useCaller().userId === message.actorId}
      aside={<EntryTime at={message.createdAt} />}
      attachments={message.attachments ?? []}
    >
      {message.redacted ? (
        <em style={{ color: token.colorTextDescription }}>
          <LockOutlined aria-hidden /> The text is protected
        </em>
      ) : (
        <FoldedText text={message.message ?? ""} lines={14} />
      )}
    </MessageFrame>
  );
});

/** The look of a message, sent or on its way. */
export function MessageFrame({
  isInternalNote,
  author,
  role,
  mine,
  aside,
  attachments,
  children,
}: {
  isInternalNote: boolean;
  author: ReactNode;
  role?: string | undefined;
  mine: boolean;
  aside: ReactNode;
  attachments: readonly Attachment[];
  children: ReactNode;
}) {
  const { token } = theme.useToken();
  const { scheme } = useScheme();
  const note = TONES[scheme].warning;
  return (
    <article
      className={`timeline-message${isInternalNote ? " timeline-note" : ""}`}
      style={
        isInternalNote
          ? { background: note.background, borderColor: note.solid }
          : {
              background: mine ? token.colorPrimaryBg : token.colorBgContainer,
              borderColor: token.colorBorderSecondary,
            }
      }
    >
      <header>
        <strong>{author}</strong>
        {role && <ToneTag tone="neutral">{role}</ToneTag>}
        {isInternalNote && (
          <ToneTag tone="warning" icon={<LockOutlined aria-hidden />}>
            Internal note
          </ToneTag>
        )}
        <span className="timeline-aside">{aside}</span>
      </header>
      {children}
      {attachments.length > 0 && (
        <div className="timeline-files">
          <PartBoundary>
            <Suspense fallback={null}>
              {attachments.map((attachment) => (
                <AttachmentChip key={attachment.id} attachment={attachment} />
              ))}
            </Suspense>
          </PartBoundary>
        </div>
      )}
    </article>
  );
}
