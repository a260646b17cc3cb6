import { keep, readKept } from "@/api/kept";
import type { Attachment } from "@/api/schemas";

/** What of a message that is not known to be sent outlasts the page: its text, and of its files which they are. */
export type KeptOutgoing = {
  key: string;
  text: string;
  isInternalNote: boolean;
  attachments: readonly Attachment[];
  afterSeq: number;
  writtenAt: number;
};

/** Those of one person on one ticket, kept for this tab of the browser until they are sent, edited or logged out of. */
export class OutgoingStore {
  private readonly name: string;

  constructor(userId: string | undefined, ticketId: string) {
    this.name = `tickets.outgoing.${userId}.${ticketId}`;
  }

  read(): KeptOutgoing[] {
    try {
      const kept: unknown = JSON.parse(readKept("session", this.name) ?? "null");
      return Array.isArray(kept) ? kept.filter(isOutgoing) : [];
    } catch {
      // What is no message is none.
      return [];
    }
  }

  add({ key, text, isInternalNote, attachments, afterSeq, writtenAt }: KeptOutgoing): void {
    this.write([...this.read(), { key, text, isInternalNote, attachments, afterSeq, writtenAt }]);
  }

  /** Writes nothing where it is not kept: an answer may come after its writer has logged out. */
  forget(key: string): void {
    const before = this.read();
    const after = before.filter((each) => each.key !== key);
    if (after.length < before.length) {
      this.write(after);
    }
  }

  forgetAll(): void {
    this.write([]);
  }

  private write(messages: readonly KeptOutgoing[]): void {
    keep("session", this.name, messages.length > 0 ? JSON.stringify(messages) : null);
  }
}

function isOutgoing(kept: unknown): kept is KeptOutgoing {
  if (typeof kept !== "object" || kept === null) {
    return false;
  }
  const { key, text, isInternalNote, attachments, afterSeq, writtenAt } = kept as Record<string, unknown>;
  return (
    typeof key === "string" &&
    typeof text === "string" &&
    typeof isInternalNote === "boolean" &&
    typeof afterSeq === "number" &&
    typeof writtenAt === "number" &&
    Array.isArray(attachments) &&
    attachments.every((each) => typeof each === "object" && each !== null && typeof each.id === "string")
  );
}
