import { HoverTip } from "@/ui/HoverTip";
import { useNow } from "@/ui/useNow";
import { fromNow, fromNowShort, preciseDateTime } from "@/vocabulary/time";

/** An instant, told from now, in `short` for columns; the instant itself is in the tooltip. */
export function TimeAgo({ at, short = false }: { at: string | undefined; short?: boolean }) {
  useNow(30_000);
  if (!at) {
    return null;
  }
  return (
    <HoverTip title={preciseDateTime(at)}>
      <time dateTime={at}>{short ? fromNowShort(at) : fromNow(at)}</time>
    </HoverTip>
  );
}
