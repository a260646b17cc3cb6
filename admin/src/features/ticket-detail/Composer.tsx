import { LockOutlined, PaperClipOutlined, SendOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Segmented, theme } from "antd";
import type { TextAreaRef } from "antd/es/input/TextArea";
import { type ClipboardEvent, type DragEvent, useEffect, useEffectEvent, useRef, useState } from "react";
import type { Attachment, Ticket } from "@/api/schemas";
import { ticketActionsQuery } from "@/api/tickets";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { useUploads } from "@/features/attachments/useUploads";
import { ButtonTip } from "@/ui/ButtonTip";
import { ComposerFiles } from "./ComposerFiles";
import type { Outgoing } from "./outbox";
import { useDraft } from "./useDraft";

const LONGEST = 20_000;
const COUNTED_FROM = 18_000;
const MOST_FILES = 20;

export type NewMessage = { text: string; isInternalNote: boolean; attachments: readonly Attachment[] };

/** Where one writes to all who see the ticket, or a note for staff; the two do not look alike. */
export function Composer({
  ticket,
  asked = 0,
  returned,
  onSend,
}: {
  ticket: Ticket;
  /** When it comes into view. */
  asked?: number;
  /** A message that was not sent comes back to be edited. */
  returned: { key: string; outgoing: Outgoing } | undefined;
  onSend(message: NewMessage): void;
}) {
  const ticketId = ticket.id ?? "";
  const { token } = theme.useToken();
  const { scheme } = useScheme();
  const [draft, setDraft] = useDraft(ticketId, ticket.isSensitive ?? false);
  const [again, setAgain] = useState<readonly Attachment[]>([]);
  const { data: allowed } = useQuery(ticketActionsQuery(ticketId));
  const { uploads, busy, add, cancel, retry, remove } = useUploads(ticketId);
  const [own, setOwn] = useState<readonly File[]>([]);
  const [leftOut, setLeftOut] = useState(0);
  const files = uploads.filter(({ file }) => own.includes(file));
  const text = useRef<TextAreaRef>(null);
  const picker = useRef<HTMLInputElement>(null);
  const mayNote = allowed?.actions?.includes("TICKET_ACTION_ADD_INTERNAL_NOTE") ?? false;
  const mayWrite = allowed?.actions?.includes("TICKET_ACTION_ADD_MESSAGE") ?? false;
  const isNote = draft.isInternalNote && mayNote;
  const done = [
    ...again,
    ...files.flatMap(({ state, attachment }) => (state === "done" && attachment ? attachment : [])),
  ];
  const isSending = files.some(({ state }) => state !== "done" && state !== "failed" && state !== "cancelled") && busy;
  const length = draft.text.length > COUNTED_FROM ? [...draft.text.trim()].length : draft.text.length;
  const canSend = draft.text.trim() !== "" && length <= LONGEST && !isSending && mayWrite;

  useEffect(() => {
    if (asked > 0) {
      text.current?.focus();
    }
  }, [asked]);
  const takeBack = useEffectEvent(({ outgoing }: { outgoing: Outgoing }) => {
    setDraft({ text: [outgoing.text, draft.text].filter(Boolean).join("\n"), isInternalNote: outgoing.isInternalNote });
    setAgain(outgoing.attachments);
    text.current?.focus();
  });
  useEffect(() => {
    if (returned) {
      takeBack(returned);
    }
  }, [returned]);

  const attach = (given: readonly File[]) => {
    const going = again.length + files.filter(({ state }) => state !== "failed" && state !== "cancelled").length;
    const taken = given.slice(0, Math.max(0, MOST_FILES - going));
    setLeftOut(given.length - taken.length);
    setOwn([...own, ...taken]);
    add(taken, { sensitive: ticket.isSensitive ?? false });
  };
  const send = () => {
    if (!canSend) {
      return;
    }
    onSend({ text: draft.text.trim(), isInternalNote: isNote, attachments: done });
    setDraft({ text: "" });
    for (const { key } of files) {
      remove(key);
    }
    setOwn([]);
    setAgain([]);
    setLeftOut(0);
  };
  if (allowed && !mayWrite) {
    return (
      <div
        className="composer-closed"
        style={{ color: token.colorTextDescription, borderColor: token.colorBorderSecondary }}
      >
        {ticket.archived ? "The ticket is archived: take it out of the archive to write." : "You cannot write here."}
      </div>
    );
  }
  const note = TONES[scheme].warning;
  const label = isNote ? "Internal note, for staff alone" : "Message to all who see the ticket";
  return (
    <section
      className={`composer${isNote ? " composer-note" : ""}`}
      aria-label="Write"
      style={
        isNote
          ? { background: note.background, borderColor: note.solid }
          : { background: token.colorBgContainer, borderColor: token.colorBorder }
      }
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event: DragEvent) => {
        event.preventDefault();
        attach([...event.dataTransfer.files]);
      }}
    >
      <Input.TextArea
        ref={text}
        variant="borderless"
        aria-label={label}
        placeholder={isNote ? "A note that staff alone can read" : "A message to everybody on the ticket"}
        autoSize={{ minRows: 2, maxRows: 10 }}
        dir="auto"
        value={draft.text}
        status={length > LONGEST ? "error" : ""}
        onChange={(event) => setDraft({ text: event.target.value })}
        onPaste={(event: ClipboardEvent) => {
          if (event.clipboardData.files.length > 0) {
            event.preventDefault();
            attach([...event.clipboardData.files]);
          }
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            send();
          } else if (event.key === "Escape") {
            event.stopPropagation();
            event.currentTarget.blur();
          }
        }}
      />
      <ComposerFiles
        again={again}
        uploads={files}
        leftOut={leftOut}
        most={MOST_FILES}
        onForget={(id) => setAgain(again.filter((each) => each.id !== id))}
        onCancel={cancel}
        onRetry={retry}
        onRemove={remove}
      />
      <div className="composer-bar">
        {mayNote && (
          <Segmented
            size="small"
            aria-label="Who can read it"
            value={isNote ? "note" : "public"}
            onChange={(value) => setDraft({ isInternalNote: value === "note" })}
            options={[
              { value: "public", label: "Public message" },
              { value: "note", label: "Internal note", icon: <LockOutlined aria-hidden /> },
            ]}
          />
        )}
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label="Files to attach"
          onChange={(event) => {
            attach([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
        <ButtonTip title="Attach files; drop or paste them too">
          <Button
            type="text"
            size="small"
            icon={<PaperClipOutlined aria-hidden />}
            aria-label="Attach files"
            onClick={() => picker.current?.click()}
          />
        </ButtonTip>
        <span className="composer-space" />
        {length > COUNTED_FROM && (
          <span style={{ color: length > LONGEST ? token.colorError : token.colorTextDescription }}>
            {length.toLocaleString("en-IN")} / 20,000
          </span>
        )}
        <ButtonTip title={isSending ? "Files are still on their way" : "Ctrl + Enter"}>
          <Button
            type="primary"
            size="small"
            icon={isNote ? <LockOutlined aria-hidden /> : <SendOutlined aria-hidden />}
            disabled={!canSend}
            onClick={send}
          >
            {isNote ? "Add note" : "Send"}
          </Button>
        </ButtonTip>
      </div>
    </section>
  );
}
