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

type ImagePreviewProps = { attachment: Attachment | null; onClose(): void; onDownload(attachment: Attachment): void };

/** A picture over the page. Its bytes are fetched and shown as a blob, so that no policy has to allow the store's images. */
export function ImagePreview({ attachment, onClose, onDownload }: ImagePreviewProps) {
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
          <Button icon={<DownloadOutlined />} onClick={() => onDownload(attachment)}>
            Download
          </Button>
        )
      }
    >
      {attachment && <Picture attachment={attachment} />}
    </Modal>
  );
}

function Picture({ attachment }: { attachment: Attachment }) {
  const id = attachment.id ?? "";
  const { data, error, refetch } = useQuery({
    queryKey: ["attachment-bytes", id],
    queryFn: async ({ signal }) => bytesOf(await signedDownload(id), signal),
    staleTime: 5 * 60_000,
    gcTime: 60_000,
    retry: false,
  });
  const url = useObjectUrl(data);
  if (error) {
    return <ErrorNotice error={error} title={fileRefusal(error)} onRetry={() => void refetch()} />;
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
