import { Alert, Button, Flex } from "antd";
import { useEffect, useEffectEvent, useRef } from "react";
import type { Ticket } from "@/api/schemas";
import { UploadList } from "@/features/attachments/UploadList";
import { UploadNews } from "@/features/attachments/UploadNews";
import { useUploads } from "@/features/attachments/useUploads";

type UploadsOfNewTicketProps = { ticket: Ticket; files: readonly File[]; onOpen(): void };

/** The ticket stands; its files are on their way. Leads on by itself when all have arrived. */
export function UploadsOfNewTicket({ ticket, files, onOpen }: UploadsOfNewTicketProps) {
  const queue = useUploads(ticket.id ?? "");
  const { uploads, busy, add } = queue;
  const begun = useRef(false);
  useEffect(() => {
    if (!begun.current) {
      begun.current = true;
      add(files, { sensitive: ticket.isSensitive ?? false });
    }
  }, [add, files, ticket]);
  const failed = uploads.filter(({ state }) => state === "failed" || state === "cancelled").length;
  const complete = uploads.length > 0 && uploads.every(({ state }) => state === "done");
  const open = useEffectEvent(onOpen);
  useEffect(() => {
    if (complete) {
      open();
    }
  }, [complete]);
  return (
    <Flex vertical gap={12}>
      <Alert
        type={failed > 0 && !busy ? "warning" : "success"}
        showIcon
        title={`${ticket.id} is created`}
        description={
          failed > 0 && !busy
            ? "Some files are not attached. The ticket stands: try them again here, or later under Attachments."
            : "Its files are being attached. You can go on; they arrive by themselves while this page is open."
        }
      />
      <UploadNews uploads={queue.uploads} />
      <UploadList {...queue} />
      <Flex gap={8} justify="end">
        <Button type="primary" onClick={onOpen}>
          Open the ticket
        </Button>
      </Flex>
    </Flex>
  );
}
