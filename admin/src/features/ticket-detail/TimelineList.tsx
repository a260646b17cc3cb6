import { ArrowDownOutlined } from "@ant-design/icons";
import { Alert, Button, Empty, Skeleton, theme } from "antd";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useNow } from "@/ui/useNow";
import { ChangeItem } from "./ChangeItem";
import { MessageItem } from "./MessageItem";
import { OutgoingItem } from "./OutgoingItem";
import type { Outgoing } from "./outbox";
import { byDay, isRedacted, type Kinds, ofKinds } from "./timelineEntries";
import { seqOf } from "./timelineWindow";
import type { Timeline } from "./useTimeline";

const AT_END_PX = 48;

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
  const { ref, unseen, onScroll, toEnd } = useScroll(shown.map(seqOf), outgoing.length, `${kinds} ${followKey}`);
  const hasWithheld = isProtected && shown.some(isRedacted);

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
            description={kinds === "changes" ? "No changes" : "Nothing has been said yet"}
          />
        )}
        {byDay(shown, now).map((day) => (
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

function useScroll(seqs: readonly number[], outgoing: number, followKey: string) {
  const ref = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  const height = useRef(0);
  const [seen, setSeen] = useState(0);
  const firstSeq = seqs[0];
  const lastSeq = seqs.at(-1) ?? 0;
  const former = useRef({ firstSeq, followKey });

  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever is drawn anew may move what is in view
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) {
      return;
    }
    if (former.current.followKey !== followKey || atEnd.current) {
      element.scrollTop = element.scrollHeight;
      atEnd.current = true;
      setSeen(lastSeq);
    } else if (firstSeq !== undefined && former.current.firstSeq !== undefined && firstSeq < former.current.firstSeq) {
      element.scrollTop += element.scrollHeight - height.current;
    }
    height.current = element.scrollHeight;
    former.current = { firstSeq, followKey };
  }, [firstSeq, lastSeq, outgoing, followKey]);

  // Where one writes grows with the text, and takes its room from here.
  const isShown = seqs.length > 0;
  useEffect(() => {
    const element = ref.current;
    if (element === null || !isShown) {
      return;
    }
    const observer = new ResizeObserver(() => {
      if (atEnd.current) {
        element.scrollTop = element.scrollHeight;
      }
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [isShown]);

  const isAtEnd = (element: HTMLElement) => element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX;
  return {
    ref,
    unseen: seqs.filter((seq) => seen > 0 && seq > seen).length,
    onScroll() {
      if (ref.current) {
        atEnd.current = isAtEnd(ref.current);
        if (atEnd.current) {
          setSeen(lastSeq);
        }
      }
    },
    toEnd() {
      // At once: from far up, a smooth way there takes seconds.
      ref.current?.scrollTo({ top: ref.current.scrollHeight });
    },
  };
}
