import { Button, Modal, Table } from "antd";
import type { ReactNode } from "react";
import { useCaller } from "@/api/caller";
import type { SavedView } from "@/api/schemas";
import { ORDERS, orderOf } from "@/features/ticket-list/ticketOrders";
import { wordsOf } from "./filterWords";
import type { ViewChange } from "./savedViewQueries";

/** A change that was not made, since the view is no longer what it was made from. */
export type Conflict = { before: SavedView; theirs: SavedView; change: ViewChange; done: string };

/** What one wanted beside what the view has become, field by field; one or the other is taken. */
export function ViewConflict({
  conflict: { theirs, change },
  saving,
  onKeepTheirs,
  onKeepMine,
}: {
  conflict: Conflict;
  saving: boolean;
  onKeepTheirs(): void;
  onKeepMine(): void;
}) {
  const { userId = "" } = useCaller();
  const rows = (Object.keys(change) as (keyof ViewChange)[]).map((field) => ({
    field,
    mine: wordsOfField(change, field, userId),
    theirs: wordsOfField(theirs, field, userId),
  }));
  return (
    <Modal
      open
      title="This view was changed meanwhile"
      onCancel={onKeepTheirs}
      footer={[
        <Button key="theirs" onClick={onKeepTheirs}>
          Leave it as it is
        </Button>,
        <Button key="mine" type="primary" loading={saving} onClick={onKeepMine}>
          Save mine
        </Button>,
      ]}
    >
      <Table
        size="small"
        pagination={false}
        rowKey="field"
        dataSource={rows}
        columns={[
          { dataIndex: "field", title: "", render: (field: keyof ViewChange) => LABELS[field] },
          { dataIndex: "theirs", title: "As it is now" },
          { dataIndex: "mine", title: "Mine" },
        ]}
      />
    </Modal>
  );
}

const LABELS: Readonly<Record<keyof ViewChange, string>> = {
  name: "Name",
  filter: "Filter",
  orderBy: "Order",
  isShared: "Shared",
};

function wordsOfField(view: ViewChange, field: keyof ViewChange, me: string): ReactNode {
  switch (field) {
    case "name":
      return <bdi>{view.name}</bdi>;
    case "isShared":
      return view.isShared ? "Yes" : "No";
    case "orderBy":
      return ORDERS[orderOf(view.orderBy)];
    case "filter":
      return wordsOf(view.filter ?? {}, me).map(({ field: part, label, value }) => (
        <div key={part}>
          {label}: {value}
        </div>
      ));
  }
}
