import { App, Modal } from "antd";
import { useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import type { Ticket } from "@/api/schemas";
import { ROUTES } from "@/app/routes";
import { focusFirst } from "@/features/ticket-actions/ActionDialog";
import { useFocusReturn } from "@/ui/useFocusReturn";
import { TicketCreateForm } from "./TicketCreateForm";
import { UploadsOfNewTicket } from "./UploadsOfNewTicket";

type Created = { ticket: Ticket; files: readonly File[] };

/** Makes a ticket, then sends its files, then opens it. */
export function TicketCreateModal({ open, onClose }: { open: boolean; onClose(): void }) {
  useFocusReturn();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  // Over the list the filters stay as they are.
  const onList = pathname.startsWith(ROUTES.tickets);
  const body = useRef<HTMLDivElement>(null);
  const [created, setCreated] = useState<Created | null>(null);
  const openTicket = ({ id = "" }: Ticket) => {
    setCreated(null);
    onClose();
    navigate({ pathname: ROUTES.ticket(id), search: onList ? searchWithoutDialog(search) : "" });
  };
  const done = (ticket: Ticket, files: readonly File[]) => {
    const address = ROUTES.ticket(ticket.id ?? "");
    void message.success(
      <>
        <a
          href={address}
          onClick={(event) => {
            event.preventDefault();
            navigate(address);
          }}
        >
          {ticket.id}
        </a>{" "}
        is created.
      </>,
      6,
    );
    if (files.length > 0) {
      setCreated({ ticket, files });
    } else {
      openTicket(ticket);
    }
  };
  return (
    <Modal
      open={open}
      onCancel={() => {
        setCreated(null);
        onClose();
      }}
      title={created ? "New ticket: files" : "New ticket"}
      footer={null}
      width={720}
      style={{ top: 32 }}
      mask={{ closable: false }}
      destroyOnHidden
      styles={{ header: { marginBottom: 14 } }}
      afterOpenChange={(opened) => opened && focusFirst(body.current)}
    >
      <div ref={body}>
        {created ? (
          <UploadsOfNewTicket {...created} onOpen={() => openTicket(created.ticket)} />
        ) : (
          <TicketCreateForm onCreated={done} onCancel={onClose} />
        )}
      </div>
    </Modal>
  );
}

function searchWithoutDialog(search: string): string {
  const params = new URLSearchParams(search);
  params.delete("dialog");
  return params.toString();
}
