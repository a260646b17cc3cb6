import { useMutation } from "@tanstack/react-query";
import { App } from "antd";
import { type ReactNode, useState } from "react";
import { useAccessReason } from "@/api/accessReason";
import type { Attachment } from "@/api/schemas";
import { AccessReasonDialog } from "./AccessReasonDialog";
import { save, signedDownload } from "./signedDownload";
import { fileRefusal } from "./uploadWords";

/** Saves files; for a sensitive one asks why first. `dialog` has to be drawn. */
export function useDownload(): { download(attachment: Attachment): void; busyId: string | null; dialog: ReactNode } {
  const { message } = App.useApp();
  const [asking, setAsking] = useState<Attachment | null>(null);
  const reasonOfView = useAccessReason();
  const [lastReason, setLastReason] = useState<string>();
  const { mutate, isPending, error, variables, reset } = useMutation({
    mutationFn: ({ id, reason }: { id: string; reason?: string }) => signedDownload(id, reason),
    onSuccess(request) {
      save(request);
      setAsking(null);
    },
    onError(failure, { reason }) {
      if (reason === undefined) {
        void message.error(fileRefusal(failure));
      }
    },
  });
  return {
    busyId: isPending ? (variables?.id ?? null) : null,
    download(attachment) {
      reset();
      if (attachment.isSensitive) {
        setAsking(attachment);
      } else {
        mutate({ id: attachment.id ?? "" });
      }
    },
    dialog: (
      <AccessReasonDialog
        open={asking !== null}
        title="Download a sensitive file"
        okText="Download"
        busy={isPending}
        error={error}
        initialReason={lastReason ?? reasonOfView}
        onReason={(reason) => {
          setLastReason(reason);
          mutate({ id: asking?.id ?? "", reason });
        }}
        onClose={() => setAsking(null)}
      >
        It may hold personal data. That you downloaded it, and why, is kept in the audit.
      </AccessReasonDialog>
    ),
  };
}
