import type { Attachment } from "@/api/schemas";

export type UploadState =
  | "waiting"
  | "hashing"
  | "announcing"
  | "sending"
  | "checking"
  | "done"
  | "failed"
  | "cancelled";

export type Upload = {
  /** Of this queue; not the attachment's. */
  key: string;
  file: File;
  sensitive: boolean;
  state: UploadState;
  /** Bytes that were sent, 0 to 1 of all. */
  progress: number;
  error?: unknown;
  /** Once it is complete. */
  attachment?: Attachment;
};

export type Uploads = {
  uploads: readonly Upload[];
  /** Whether any is still under way. */
  busy: boolean;
  add(files: readonly File[], options?: { sensitive?: boolean }): void;
  cancel(key: string): void;
  retry(key: string): void;
  /** Takes it off the list; one that is under way is cancelled. */
  remove(key: string): void;
  /** Takes all that are done off the list. */
  clear(): void;
};

export function useUploads(_ticketId: string): Uploads {
  return {
    uploads: [],
    busy: false,
    add: () => undefined,
    cancel: () => undefined,
    retry: () => undefined,
    remove: () => undefined,
    clear: () => undefined,
  };
}
