import { Modal, Table } from "antd";
import { useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { useNavigate } from "react-router";
import { useDialog } from "./dialogs";
import { ROUTES } from "./routes";

const KEYS: readonly { keys: string; what: string }[] = [
  { keys: "/", what: "Search" },
  { keys: "c", what: "New ticket" },
  { keys: "j / k", what: "Next or previous ticket" },
  { keys: "Enter", what: "Open the ticket" },
  { keys: "x", what: "Select the ticket" },
  { keys: "a", what: "Assign" },
  { keys: "e", what: "Escalate" },
  { keys: "r", what: "Resolve" },
  { keys: "m", what: "Write a message" },
  { keys: "w", what: "Watch, or stop watching" },
  { keys: "Ctrl Enter", what: "Send the form or the message you are in" },
  { keys: "Esc", what: "Close what is open" },
  { keys: "g t / g d / g n", what: "Go to tickets, dashboard, notifications" },
  { keys: "?", what: "This list" },
];

/** Keys that work everywhere, and the list of all. Those of the list and of a ticket are bound there. */
export function Shortcuts({ isOpen = false }: { isOpen?: boolean }) {
  const [open, setOpen] = useState(isOpen);
  const navigate = useNavigate();
  const [, setCreating] = useDialog("create");
  useHotkeys("?", () => setOpen(true), { useKey: true });
  useHotkeys("c", () => setCreating(true), { preventDefault: true });
  useHotkeys("g>t", () => navigate(ROUTES.tickets));
  useHotkeys("g>d", () => navigate(ROUTES.dashboard));
  useHotkeys("g>n", () => navigate(ROUTES.notifications));
  return (
    <Modal open={open} onCancel={() => setOpen(false)} footer={null} title="Keyboard" destroyOnHidden>
      <Table
        size="small"
        pagination={false}
        showHeader={false}
        rowKey="keys"
        dataSource={[...KEYS]}
        columns={[
          { dataIndex: "keys", width: 150, render: (keys: string) => <kbd>{keys}</kbd> },
          { dataIndex: "what" },
        ]}
      />
    </Modal>
  );
}
