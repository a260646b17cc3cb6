import { Alert, Button, Empty } from "antd";
import type { Ignored } from "@/features/ticket-filters/filterParams";

/** Parts of the address that mean nothing: somebody's typing, or a link of a newer version. */
export function IgnoredNotice({ ignored, onForget }: { ignored: readonly Ignored[]; onForget(): void }) {
  if (ignored.length === 0) {
    return null;
  }
  return (
    <Alert
      type="warning"
      showIcon
      title="A part of this address is not understood and was left out"
      description={ignored.map(({ name, value }) => `${name}=${value}`).join(", ")}
      closable={{ onClose: onForget }}
    />
  );
}

/** No rows: there is nothing in a view that everybody has, or nothing matches what somebody asked for. */
export function NoTickets({ view, onClear }: { view: { empty: string } | undefined; onClear(): void }) {
  return (
    <Empty
      className="tickets-empty"
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={view?.empty ?? "No ticket matches"}
    >
      {view === undefined && <Button onClick={onClear}>Clear search and filters</Button>}
    </Empty>
  );
}

/** Says that there is more than is shown, without moving a row. */
export function NewsPill({ count, onShow }: { count: number; onShow(): void }) {
  if (count === 0) {
    return null;
  }
  return (
    <div className="tickets-news">
      <Button type="primary" shape="round" size="small" onClick={onShow}>
        {count} new or changed: show
      </Button>
    </div>
  );
}
