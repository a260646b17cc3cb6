import { ArrowDownOutlined } from "@ant-design/icons";
import { Alert, Button, Empty, Skeleton, theme } from "antd";
import { type RefObject, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from "react";
import type { TimelineEntry } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useNow } from "@/ui/useNow";
import { ChangeItem } from "./ChangeItem";
import { MessageItem } from "./MessageItem";
import { OutgoingItem } from "./OutgoingItem";
import type { Outgoing } from "./outbox";
import { byDay, isRedacted, type Kinds, seqOf } from "./timelineEntries";
import { drawnOf } from "./timelineWindow";
import type { Timeline } from "./useTimeline";

const AT_END_PX = 48;

const NONE: Readonly<Record<Kinds, string>> = {
  all: "Nothing has been said yet",
  messages: "Nothing has been said yet",
  changes: "No changes",
};

/** The uppermost entry that is seen, and how far below the upper edge; of a list that rests, what was before. */
export type InView = { seq: number; top: number } | undefined;

/** The entries by day. Stays at the end while one is there; elsewhere it stays still, and says how many are new. */
export function TimelineList({
  timeline,
  inView,
  followKey,
  isProtected,
  onView,
  onEdit,
}: {
  timeline: Timeline;
  /** Where the list keeps what is in view. */
  inView: RefObject<InView>;
  /** Another value brings the end into view. */
  followKey: string;
  isProtected: boolean;
  onView(): void;
  onEdit(outgoing: Outgoing): void;
}) {
  const { token } = theme.useToken();
  const now = useNow(60_000);
  const { kinds, place, unseen, hasOlder, older, hasNewer, newer } = timeline;
  const shown = timeline.entries ?? [];
  const outgoing = kinds === "changes" ? [] : timeline.outgoing;
  const drawn = drawnOf(shown, place);
  const { ref, onScroll, toEnd, rests } = useScroll(timeline, drawn, outgoing.length, followKey, inView);
  const hasWithheld = isProtected && drawn.some(isRedacted);

  if (timeline.entries === undefined) {
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
        {timeline.turnError ? (
          <ErrorNotice error={timeline.turnError} title="What you asked for cannot be read now" />
        ) : null}
        {hasOlder && (
          <div className="timeline-more">
            <Button size="small" loading={older.busy} onClick={timeline.loadOlder}>
              Load older entries
            </Button>
            {older.error ? <ErrorNotice error={older.error} /> : null}
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
        {shown.length === 0 && outgoing.length === 0 && !hasOlder && !hasNewer && (
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={NONE[kinds]} />
        )}
        {byDay(drawn, now).map((day) => (
          <section key={day.key} aria-label={day.label}>
            <h3 className="timeline-day" style={{ color: token.colorTextDescription }}>
              <span style={{ background: token.colorBgElevated, borderColor: token.colorBorderSecondary }}>
                {day.label}
              </span>
            </h3>
            {day.entries.map((entry) =>
              entry.message ? (
                <MessageItem key={entry.seq} message={entry.message} />
              ) : (
                entry.auditEntry && <ChangeItem key={entry.seq} entry={entry.auditEntry} />
              ),
            )}
          </section>
        ))}
        {hasNewer && drawn.length === shown.length && (
          <div className="timeline-more timeline-newer">
            <Button size="small" loading={newer.busy} onClick={timeline.loadNewer}>
              Load newer entries
            </Button>
            {newer.error ? <ErrorNotice error={newer.error} /> : null}
          </div>
        )}
        {outgoing.map((each) => (
          <OutgoingItem
            key={each.key}
            outgoing={each}
            onRetry={() => timeline.outbox.retry(each.key)}
            onEdit={() => onEdit(each)}
          />
        ))}
      </section>
      {((unseen > 0 && !rests) || hasNewer) && (
        <Button
          type="primary"
          shape="round"
          size="small"
          className="timeline-new"
          icon={<ArrowDownOutlined aria-hidden />}
          onClick={toEnd}
        >
          {newWords(unseen)}
        </Button>
      )}
    </div>
  );
}

function newWords(unseen: number): string {
  if (unseen === 0) {
    return "To the newest entries";
  }
  return unseen === 1 ? "1 new entry" : `${unseen.toLocaleString("en-IN")} new entries`;
}

function useScroll(
  { entries: shown = NOTHING, kinds, place, newest, hasNewer, moveTo }: Timeline,
  drawn: readonly TimelineEntry[],
  outgoing: number,
  followKey: string,
  inView: RefObject<InView>,
) {
  const ref = useRef<HTMLElement>(null);
  const height = useRef(0);
  const firstSeq = seqOf(drawn[0]);
  const lastSeq = seqOf(drawn.at(-1));
  const former = useRef({ firstSeq, followKey, kinds });
  // Other kinds are shown, all up to the end, though the reader has not gone there: the place among those before is kept.
  const [rests, setRests] = useState(false);
  const isWhole = drawn.length === shown.length && !hasNewer;
  const toEnd = () => {
    moveTo(undefined);
    if (ref.current) {
      ref.current.scrollTop = ref.current.scrollHeight;
      // The button that leads here goes, and would take the focus with it.
      ref.current.focus({ preventScroll: true });
    }
  };
  /** The reader has got as far as the element is scrolled: more of what waits is drawn, below what is in view. */
  const reach = (element: HTMLElement) => {
    if (!isAtEnd(element)) {
      moveTo(place ?? newest);
    } else {
      moveTo(isWhole ? undefined : Math.max(place ?? 0, lastSeq));
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever is drawn anew may move what is in view
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) {
      return;
    }
    let isStill = false;
    if (former.current.followKey !== followKey || place === undefined) {
      element.scrollTop = element.scrollHeight;
      moveTo(undefined);
      setRests(false);
    } else if (former.current.kinds !== kinds) {
      scrollTo(element, drawn, inView.current);
      isStill = isWhole && isAtEnd(element);
      setRests(isStill);
      if (!isStill) {
        reach(element);
      }
    } else if (rests) {
      element.scrollTop = element.scrollHeight;
      isStill = true;
      if (!isWhole) {
        reach(element);
      }
    } else if (firstSeq > 0 && firstSeq < former.current.firstSeq) {
      element.scrollTop += element.scrollHeight - height.current;
    }
    height.current = element.scrollHeight;
    former.current = { firstSeq, followKey, kinds };
    if (!isStill) {
      inView.current = inViewOf(element, drawn);
    }
  }, [firstSeq, lastSeq, outgoing, followKey, place, kinds]);
  useEffect(() => () => moveTo(undefined), [moveTo]);

  // Where one writes grows with the text, and takes its room from here.
  const isShown = drawn.length > 0;
  const onResize = useEffectEvent(() => {
    const element = ref.current;
    if (element !== null && (place === undefined || rests)) {
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
      if (element !== null && !(rests && isAtEnd(element))) {
        setRests(false);
        reach(element);
        inView.current = inViewOf(element, drawn);
      }
    },
    toEnd,
    rests,
  };
}

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < AT_END_PX;
}

const NOTHING: readonly TimelineEntry[] = [];

/** Their elements stand in the order of the entries; what is on its way follows them. */
function rowsOf(element: HTMLElement): NodeListOf<HTMLElement> {
  return element.querySelectorAll(".timeline-message, .timeline-change");
}

function inViewOf(element: HTMLElement, drawn: readonly TimelineEntry[]): InView {
  const rows = rowsOf(element);
  const edge = element.getBoundingClientRect().top;
  let [above, below] = [0, drawn.length];
  while (above < below) {
    const middle = (above + below) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > edge) {
      below = middle;
    } else {
      above = middle + 1;
    }
  }
  const row = rows[above];
  const entry = drawn[above];
  return row && entry ? { seq: seqOf(entry), top: row.getBoundingClientRect().top - edge } : undefined;
}

/** Brings the entry that was in view, or the next of what is drawn now, to where it was. */
function scrollTo(element: HTMLElement, drawn: readonly TimelineEntry[], inView: InView) {
  if (inView === undefined) {
    return;
  }
  const index = drawn.findIndex((entry) => seqOf(entry) >= inView.seq);
  const row = rowsOf(element)[index < 0 ? drawn.length - 1 : index];
  if (row) {
    element.scrollTop += row.getBoundingClientRect().top - element.getBoundingClientRect().top - inView.top;
  }
}
