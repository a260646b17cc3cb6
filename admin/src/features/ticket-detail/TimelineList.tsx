import { ArrowDownOutlined } from "@ant-design/icons";
import { Alert, Button, Empty, Skeleton, theme } from "antd";
import { useEffect, useEffectEvent, useLayoutEffect, useRef } from "react";
import type { TimelineEntry } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useNow } from "@/ui/useNow";
import { ChangeItem } from "./ChangeItem";
import { MessageItem } from "./MessageItem";
import { OutgoingItem } from "./OutgoingItem";
import type { Outgoing } from "./outbox";
import { byDay, isRedacted, type Kinds, ofKinds } from "./timelineEntries";
import { drawnOf, seqOf } from "./timelineWindow";
import type { Timeline } from "./useTimeline";

const AT_END_PX = 48;

const NONE: Readonly<Record<Kinds, string>> = {
  all: "Nothing has been said yet",
  messages: "Nothing has been said yet",
  changes: "No changes",
};

/** Not that there are none: older entries were not looked at. */
function noneAmong(kinds: Kinds, loaded: number): string {
  return `${kinds === "changes" ? "No changes" : "No messages"} among the newest ${loaded} entries`;
}

/** The entries by day. Stays at the end while one is there; elsewhere it stays still, and says how many are new. */
export function TimelineList({
  timeline,
  kinds,
  followKey,
  isProtected,
  onView,
  onEdit,
}: {
  timeline: Timeline;
  kinds: Kinds;
  /** Another value brings the end into view. */
  followKey: string;
  isProtected: boolean;
  onView(): void;
  onEdit(outgoing: Outgoing): void;
}) {
  const { token } = theme.useToken();
  const now = useNow(60_000);
  const all = timeline.entries;
  const shown = ofKinds(all ?? [], kinds);
  const outgoing = kinds === "changes" ? [] : timeline.outgoing;
  const { place } = timeline;
  const drawn = drawnOf(shown, place);
  const unseen = place === undefined ? 0 : shown.filter((entry) => seqOf(entry) > place).length;
  const { ref, onScroll, toEnd } = useScroll(timeline, shown, drawn, outgoing.length, `${kinds} ${followKey}`);
  const hasWithheld = isProtected && drawn.some(isRedacted);

  if (all === undefined) {
    return (
      <div className="timeline-scroll">
        {timeline.error ? (
          <ErrorNotice error={timeline.error} title="The timeline cannot be read now" onRetry={timeline.retry} />
        ) : (
          <Skeleton active avatar paragraph={{ rows: 8 }} />
        )}
      </div>
    );
  }
  return (
    <div className="timeline-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys */}
      <section className="timeline-scroll" ref={ref} onScroll={onScroll} tabIndex={0} aria-label="Timeline">
        {timeline.error ? <ErrorNotice error={timeline.error} onRetry={timeline.retry} /> : null}
        {timeline.hasOlder && (
          <div className="timeline-older">
            <Button size="small" loading={timeline.loadingOlder} onClick={timeline.loadOlder}>
              Load older entries
            </Button>
            {timeline.olderError ? <ErrorNotice error={timeline.olderError} /> : null}
          </div>
        )}
        {hasWithheld && (
          <Alert
            type="info"
            showIcon
            className="timeline-withheld"
            title={
              timeline.lapsed
                ? "The connection broke: texts since then are withheld until you view again"
                : "Texts of this ticket are protected"
            }
            action={
              <Button size="small" onClick={onView}>
                {timeline.lapsed ? "View again" : "View protected data"}
              </Button>
            }
          />
        )}
        {shown.length === 0 && outgoing.length === 0 && (
          <Empty
            image={Empty.PRESENTED_IMAGE_SIMPLE}
            description={timeline.hasOlder ? noneAmong(kinds, all.length) : NONE[kinds]}
          />
        )}
        {byDay(drawn, now).map((day) => (
          <section key={day.key} aria-label={day.label}>
            <h4 className="timeline-day" style={{ color: token.colorTextDescription }}>
              <span style={{ background: token.colorBgElevated, borderColor: token.colorBorderSecondary }}>
                {day.label}
              </span>
            </h4>
            {day.entries.map((entry) =>
              entry.message ? (
                <MessageItem key={entry.seq} message={entry.message} />
              ) : (
                entry.auditEntry && <ChangeItem key={entry.seq} entry={entry.auditEntry} />
              ),
            )}
          </section>
        ))}
        {outgoing.map((each) => (
          <OutgoingItem
            key={each.key}
            outgoing={each}
            onRetry={() => timeline.outbox.retry(each.key)}
            onEdit={() => onEdit(each)}
          />
        ))}
      </section>
      {unseen > 0 && (
        <Button
          type="primary"
          shape="round"
          size="small"
          className="timeline-new"
          icon={<ArrowDownOutlined />}
          onClick={toEnd}
        >
          {unseen === 1 ? "1 new entry" : `${unseen} new entries`}
        </Button>
      )}
    </div>
  );
}

function useScroll(
  { entries, place, moveTo }: Timeline,
  shown: readonly TimelineEntry[],
  drawn: readonly TimelineEntry[],
  outgoing: number,
  followKey: string,
) {
  const ref = useRef<HTMLElement>(null);
  const height = useRef(0);
  const firstSeq = seqOf(drawn[0]);
  const lastSeq = seqOf(drawn.at(-1));
  const former = useRef({ firstSeq, followKey });
  const toEnd = () => {
    moveTo(undefined);
    if (ref.current) {
      ref.current.scrollTop = ref.current.scrollHeight;
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever is drawn anew may move what is in view
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) {
      return;
    }
    if (former.current.followKey !== followKey || place === undefined) {
      element.scrollTop = element.scrollHeight;
      moveTo(undefined);
    } else if (firstSeq > 0 && firstSeq < former.current.firstSeq) {
      element.scrollTop += element.scrollHeight - height.current;
    }
    height.current = element.scrollHeight;
    former.current = { firstSeq, followKey };
  }, [firstSeq, lastSeq, outgoing, followKey, place]);
  useEffect(() => () => moveTo(undefined), [moveTo]);

  // Where one writes grows with the text, and takes its room from here.
  const isShown = drawn.length > 0;
  const onResize = useEffectEvent(() => {
    const element = ref.current;
    if (element !== null && place === undefined) {
      element.scrollTop = element.scrollHeight;
    }
  });
  useEffect(() => {
    const element = ref.current;
    if (element === null || !isShown) {
      return;
    }
    const observer = new ResizeObserver(() => onResize());
    observer.observe(element);
    return () => observer.disconnect();
  }, [isShown]);

  return {
    ref,
    onScroll() {
      const element = ref.current;
      if (element === null) {
        return;
      }
      const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX;
      if (!isAtEnd) {
        moveTo(place ?? seqOf(entries?.at(-1)));
      } else {
        // At the end of what is drawn: more of what waits is, and stays below what is in view.
        moveTo(drawn.length < shown.length ? lastSeq : undefined);
      }
    },
    toEnd,
  };
}
