import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, newKey, once, unwrap } from "@/api/client";
import type { Attachment, TimelineEntry } from "@/api/schemas";

export type Outgoing = {
  /** Sent with every attempt, so that the message is there once however often it is tried. */
  key: string;
  text: string;
  isInternalNote: boolean;
  attachments: readonly Attachment[];
  state: "sending" | "failed";
  error?: unknown;
  /** Entries up to this number were there when it was written. */
  afterSeq: number;
};

type Contents = { outgoing: readonly Outgoing[]; sent: readonly TimelineEntry[] };

/** One's own messages on their way to a ticket. They outlive the view, so that none is lost with a closed panel. */
export class Outbox {
  private contents: Contents = { outgoing: [], sent: [] };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly ticketId: string) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): Contents => this.contents;

  send(message: Omit<Outgoing, "key" | "state">): void {
    const outgoing: Outgoing = { ...message, key: newKey(), state: "sending" };
    this.set({ ...this.contents, outgoing: [...this.contents.outgoing, outgoing] });
    void this.attempt(outgoing);
  }

  retry(key: string): void {
    const outgoing = this.contents.outgoing.find((each) => each.key === key);
    if (outgoing?.state === "failed") {
      const again: Outgoing = { ...outgoing, state: "sending", error: undefined };
      this.replace(key, again);
      void this.attempt(again);
    }
  }

  discard(key: string): void {
    this.replace(key, null);
  }

  /** Texts of what was sent are not kept longer than the view. */
  forgetSent(): void {
    this.set({ ...this.contents, sent: [] });
  }

  private async attempt(outgoing: Outgoing): Promise<void> {
    const { key, text, isInternalNote, attachments } = outgoing;
    try {
      const message = await unwrap(
        api.POST("/admin/tickets/{ticketId}/messages", {
          params: { path: { ticketId: this.ticketId }, header: once(key) },
          body: {
            message: text,
            isInternalNote,
            attachmentIds: attachments.map(({ id }) => id ?? ""),
          },
        }),
      );
      const { seq = "0", createdAt = "" } = message;
      const entry: TimelineEntry = { ticketId: this.ticketId, seq, createdAt, message };
      this.set({
        outgoing: this.contents.outgoing.filter((each) => each.key !== key),
        sent: [...this.contents.sent, entry],
      });
    } catch (error) {
      this.replace(key, { ...outgoing, state: "failed", error });
    }
  }

  private replace(key: string, outgoing: Outgoing | null): void {
    this.set({
      ...this.contents,
      outgoing: this.contents.outgoing.flatMap((each) => (each.key === key ? (outgoing ?? []) : each)),
    });
  }

  private set(contents: Contents): void {
    this.contents = contents;
    for (const listener of this.listeners) {
      listener();
    }
  }
}

const outboxes = new WeakMap<QueryClient, Map<string, Outbox>>();

export function useOutbox(ticketId: string): Contents & { outbox: Outbox } {
  const queryClient = useQueryClient();
  const outbox = outboxOf(queryClient, ticketId);
  return { ...useSyncExternalStore(outbox.subscribe, outbox.read), outbox };
}

function outboxOf(queryClient: QueryClient, ticketId: string): Outbox {
  const ofClient = outboxes.get(queryClient) ?? new Map<string, Outbox>();
  outboxes.set(queryClient, ofClient);
  const outbox = ofClient.get(ticketId) ?? new Outbox(ticketId);
  ofClient.set(ticketId, outbox);
  return outbox;
}

/**
 * Without the entries that are messages still shown as on their way: the stream may tell of one before its answer is
 * there. Each on its way hides one entry at most.
 */
export function withoutEchoes(
  entries: readonly TimelineEntry[],
  outgoing: readonly Outgoing[],
  userId: string | undefined,
): readonly TimelineEntry[] {
  if (outgoing.length === 0) {
    return entries;
  }
  const hidden = new Set<TimelineEntry>();
  for (const each of outgoing) {
    const echo = entries.find(
      (entry) =>
        !hidden.has(entry) &&
        Number(entry.seq) > each.afterSeq &&
        entry.message?.actorId === userId &&
        Boolean(entry.message?.isInternalNote) === each.isInternalNote &&
        (entry.message?.redacted || entry.message?.message === each.text),
    );
    if (echo) {
      hidden.add(echo);
    }
  }
  return entries.filter((entry) => !hidden.has(entry));
}
