import { useQueryClient } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { callerQuery, usePermission } from "@/api/caller";
import { newKey } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Ticket } from "@/api/schemas";
import { Composer } from "./Composer";
import { LiveState } from "./LiveState";
import type { Outgoing } from "./outbox";
import { type InView, TimelineList } from "./TimelineList";
import type { Kinds } from "./timelineEntries";
import type { Timeline } from "./useTimeline";
import "./timeline.css";

const KINDS: { value: Kinds; label: string }[] = [
  { value: "all", label: "All" },
  { value: "messages", label: "Messages" },
  { value: "changes", label: "Changes" },
];

/** Messages and changes of a ticket in one order, live, and where one writes. */
export function TimelineTab({
  ticket,
  timeline,
  asked = 0,
  onView,
}: {
  ticket: Ticket;
  timeline: Timeline;
  /** How often a message was asked for since it was opened; each time the field for it takes the focus. */
  asked?: number;
  /** Asks for the reason to see protected texts. */
  onView(): void;
}) {
  const [returned, setReturned] = useState<{ key: string; outgoing: Outgoing }>();
  const [followKey, setFollowKey] = useState("");
  // Others are told of public messages alone.
  const isStaff = usePermission("PERMISSION_STAFF");
  const { outbox, kinds, place, turningTo } = timeline;
  const inView = useRef<InView>(undefined);
  const edit = (outgoing: Outgoing) => {
    outbox.discard(outgoing.key);
    setReturned({ key: newKey(), outgoing });
  };
  // The session has ended: what was not sent is kept as a draft, over the login that the next read leads to.
  const queryClient = useQueryClient();
  const refused = timeline.outgoing.find(({ error }) => error instanceof ApiError && error.isUnauthenticated);
  const keepRefused = useEffectEvent(edit);
  useEffect(() => {
    if (refused) {
      keepRefused(refused);
      void queryClient.invalidateQueries({ queryKey: callerQuery.queryKey });
    }
  }, [refused, queryClient]);
  const announced = useAnnouncement(timeline);
  return (
    <div className="timeline">
      <div className="timeline-bar">
        {isStaff ? (
          <Segmented<Kinds>
            size="small"
            options={KINDS}
            value={turningTo ?? kinds}
            onChange={(next) => timeline.show(next, place === undefined ? undefined : (inView.current?.seq ?? place))}
            aria-label="What is shown"
          />
        ) : (
          <span />
        )}
        <LiveState state={timeline.state} />
      </div>
      <TimelineList
        timeline={timeline}
        inView={inView}
        followKey={followKey}
        isProtected={ticket.isSensitive === true}
        onView={onView}
        onEdit={edit}
      />
      <div className="visually-hidden" aria-live="polite">
        {announced}
      </div>
      <Composer
        ticket={ticket}
        asked={asked}
        returned={returned}
        onSend={(message) => {
          outbox.send({ ...message, afterSeq: timeline.newest });
          setFollowKey(newKey());
          if (kinds === "changes") {
            timeline.show("all");
          }
        }}
      />
    </div>
  );
}

/** Words for what came in after the view was opened, for readers of the screen. */
function useAnnouncement({ held: entries, newest }: Timeline): string {
  const before = useRef<number>(undefined);
  const [words, setWords] = useState("");
  useEffect(() => {
    if (entries === undefined) {
      return;
    }
    if (before.current !== undefined && newest > before.current) {
      const since = before.current;
      const count = entries.filter(({ seq }) => Number(seq) > since).length;
      const last = entries.at(-1);
      const what = last?.message ? `message from ${last.message.actorId}` : "change of the ticket";
      setWords(count > 1 ? `${count} new entries` : `New ${what}`);
    }
    before.current = newest;
  }, [entries, newest]);
  return words;
}
