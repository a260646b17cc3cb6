import { HoverTip } from "@/ui/HoverTip";
import { useNow } from "@/ui/useNow";
import { fromNow, preciseDateTime } from "@/vocabulary/time";

/** An instant, told from now; the instant itself is in the tooltip. */
export function TimeAgo({ at }: { at: string | undefined }) {
  useNow(30_000);
  if (!at) {
    return null;
  }
  return (
    <HoverTip title={preciseDateTime(at)}>
      <time dateTime={at}>{fromNow(at)}</time>
    </HoverTip>
  );
}
