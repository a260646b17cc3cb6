import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { useCaller } from "@/api/caller";
import { api, newKey, once, unwrap } from "@/api/client";
import type { Attachment, TimelineEntry } from "@/api/schemas";
import { presentMs } from "@/vocabulary/clock";
import { OutgoingStore } from "./keptOutgoing";

export type Outgoing = {
  /** Sent with every attempt, so that the message is there once however often it is tried. */
  key: string;
  text: string;
  isInternalNote: boolean;
  attachments: readonly Attachment[];
  /** "left": the page was loaded anew before it was known to be sent. */
  state: "sending" | "failed" | "left";
  error?: unknown;
  /** Entries up to this number were there when it was written. */
  afterSeq: number;
  /** When that was, in milliseconds since 1970. */
  writtenAt: number;
};

/** Sent again within so many milliseconds, with its key, a message is there once. */
const KEYS_LAST_MS = 24 * 3_600_000;

/** Whether sending it again may have it there twice. */
export function hasLostItsKey({ writtenAt }: Outgoing, nowMs: number): boolean {
  return nowMs - writtenAt > KEYS_LAST_MS;
}

type Contents = { outgoing: readonly Outgoing[]; sent: readonly TimelineEntry[] };

/**
 * One's own messages on their way to a ticket. They outlive the view, so that none is lost with a closed panel, and the
 * page, as drafts do; on a sensitive ticket, whose texts are protected, the view alone.
 */
export class Outbox {
  private contents: Contents;
  private isProtected = true;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly ticketId: string,
    private readonly store: OutgoingStore,
  ) {
    this.contents = { outgoing: store.read().map((kept): Outgoing => ({ ...kept, state: "left" })), sent: [] };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): Contents => this.contents;

  /** Whether texts of the ticket's messages are protected; until that is told, they are taken to be. */
  protect(isProtected: boolean): void {
    this.isProtected = isProtected;
    if (isProtected) {
      this.store.forgetAll();
    }
  }

  send(message: Omit<Outgoing, "key" | "state" | "writtenAt">): void {
    const outgoing: Outgoing = { ...message, key: newKey(), state: "sending", writtenAt: presentMs() };
    if (!this.isProtected) {
      this.store.add(outgoing);
    }
    this.set({ ...this.contents, outgoing: [...this.contents.outgoing, outgoing] });
    void this.attempt(outgoing);
  }

  retry(key: string): void {
    const outgoing = this.contents.outgoing.find((each) => each.key === key);
    if (outgoing && outgoing.state !== "sending") {
      const again: Outgoing = { ...outgoing, state: "sending", error: undefined };
      this.replace(key, again);
      void this.attempt(again);
    }
  }

  discard(key: string): void {
    this.store.forget(key);
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
      this.store.forget(key);
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

/** The outbox of who is logged in. */
export function useOutbox(ticketId: string, isSensitive: boolean): Contents & { outbox: Outbox } {
  const queryClient = useQueryClient();
  const { userId } = useCaller();
  const outbox = outboxOf(queryClient, userId, ticketId);
  useEffect(() => outbox.protect(isSensitive), [outbox, isSensitive]);
  return { ...useSyncExternalStore(outbox.subscribe, outbox.read), outbox };
}

function outboxOf(queryClient: QueryClient, userId: string | undefined, ticketId: string): Outbox {
  const ofClient = outboxes.get(queryClient) ?? new Map<string, Outbox>();
  outboxes.set(queryClient, ofClient);
  const key = `${userId} ${ticketId}`;
  const outbox = ofClient.get(key) ?? new Outbox(ticketId, new OutgoingStore(userId, ticketId));
  ofClient.set(key, outbox);
  return outbox;
}

/**
 * Without the entries that are messages still shown as on their way: the stream may tell of one before its answer is
 * there. Each on its way hides one entry at most. One that its key no longer keeps from being there twice hides none: who
 * looks whether it is there is to find it.
 */
export function withoutEchoes(
  entries: readonly TimelineEntry[],
  outgoing: readonly Outgoing[],
  userId: string | undefined,
  nowMs: number,
): readonly TimelineEntry[] {
  const safe = outgoing.filter((each) => each.state === "sending" || !hasLostItsKey(each, nowMs));
  if (safe.length === 0) {
    return entries;
  }
  const hidden = new Set<TimelineEntry>();
  for (const each of safe) {
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
