import { Table } from "antd";
import type { Schemas, Ticket } from "@/api/schemas";
import type { TicketOrder } from "./ticketOrders";

/** What a search found in a ticket, by its id. */
export type Highlights = ReadonlyMap<string, Schemas["SearchResult"]>;

export type TicketsTableProps = {
  tickets: readonly Ticket[];
  loading?: boolean;
  selectedIds: ReadonlySet<string>;
  /** Without it nothing can be selected. */
  onSelect?: ((ids: ReadonlySet<string>) => void) | undefined;
  onOpen(id: string): void;
  /** The row that the keyboard stands on, or whose panel is open. */
  activeId?: string | undefined;
  order: TicketOrder;
  onOrder(order: TicketOrder): void;
  highlights?: Highlights | undefined;
};

export function TicketsTable({ tickets }: TicketsTableProps) {
  return <Table rowKey="id" dataSource={[...tickets]} columns={[{ dataIndex: "title", title: "Title" }]} />;
}
