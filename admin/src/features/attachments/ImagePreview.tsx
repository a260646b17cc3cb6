import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Modal, Spin } from "antd";
import { useEffect, useState } from "react";
import type { Attachment } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { nameOf } from "./AttachmentChip";
import { bytesOf, signedDownload } from "./signedDownload";
import { fileRefusal } from "./uploadWords";
import "./attachments.css";

/** One look at a picture. */
export type Look = {
  attachment: Attachment;
  /** Why, of a sensitive one. Each such look has a `serial` of its own, and is one row of the audit. */
  reason?: string;
  serial?: string;
};

type ImagePreviewProps = { look: Look | null; onClose(): void; onDownload(attachment: Attachment): void };

/** A picture over the page. Its bytes are fetched and shown as a blob, so that no policy has to allow the store's images. */
export function ImagePreview({ look, onClose, onDownload }: ImagePreviewProps) {
  const attachment = look?.attachment ?? null;
  return (
    <Modal
      open={attachment !== null}
      onCancel={onClose}
      width={960}
      centered
      destroyOnHidden
      title={<bdi>{attachment && nameOf(attachment)}</bdi>}
      footer={
        attachment && (
          <Button icon={<DownloadOutlined aria-hidden />} onClick={() => onDownload(attachment)}>
            Download
          </Button>
        )
      }
    >
      {look && <Picture look={look} />}
    </Modal>
  );
}

function Picture({ look: { attachment, reason, serial } }: { look: Look }) {
  const id = attachment.id ?? "";
  const { data, error, refetch } = useQuery({
    queryKey: ["attachment-bytes", id, serial ?? null],
    queryFn: async ({ signal }) => bytesOf(await signedDownload(id, reason), signal),
    retry: false,
    ...(reason === undefined
      ? { staleTime: 5 * 60_000, gcTime: 60_000 }
      : // Asked for once, by the click, and gone with the picture.
        {
          meta: { audited: true },
          staleTime: Number.POSITIVE_INFINITY,
          gcTime: 0,
          refetchOnWindowFocus: false,
          refetchOnReconnect: false,
        }),
  });
  const url = useObjectUrl(data);
  if (error) {
    return <ErrorNotice error={error} words={fileRefusal(error)} onRetry={() => void refetch()} />;
  }
  return (
    <div className="image-preview" aria-busy={url === null}>
      {url === null ? <Spin description="Loading" /> : <img src={url} alt={nameOf(attachment)} />}
    </div>
  );
}

function useObjectUrl(blob: Blob | undefined): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (blob === undefined) {
      return;
    }
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => {
      URL.revokeObjectURL(made);
      setUrl(null);
    };
  }, [blob]);
  return url;
}
