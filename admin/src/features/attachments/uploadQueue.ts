import { api, newKey, once, unwrap } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Attachment } from "@/api/schemas";
import { type FileRules, refusalOf } from "./fileRules";
import { mediaTypeOf } from "./fileTypes";
import { putFile, TransferError } from "./putFile";

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
  /** Share of the bytes that was sent, 0 to 1. */
  progress: number;
  error?: unknown;
  /** Whether trying again may help. */
  retryable: boolean;
  /** Once it is complete. */
  attachment?: Attachment;
};

const PARALLEL = 2;
const UNDER_WAY: readonly UploadState[] = ["hashing", "announcing", "sending", "checking"];

/** Whether something is still to be done without a person. */
export function isPending({ state }: Upload): boolean {
  return state === "waiting" || UNDER_WAY.includes(state);
}

/**
 * Files on their way to one ticket, two at a time, in the order given: read once for the checksum, announced, sent to
 * the store, checked. An attempt again is the same attachment, unless what arrived was refused.
 */
export class UploadQueue {
  private uploads: readonly Upload[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly controllers = new Map<string, AbortController>();
  /** Keys of announcements by upload, and checksums, which a retry does not compute again. */
  private readonly announced = new Map<string, string>();
  private readonly checksums = new Map<string, string>();

  constructor(
    private readonly ticketId: string,
    private readonly onComplete: (attachment: Attachment) => void = () => undefined,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): readonly Upload[] => this.uploads;

  /** What the rules do not accept is refused at once, and never sent. */
  readonly add = (
    files: readonly File[],
    rules: FileRules,
    { sensitive = false }: { sensitive?: boolean } = {},
  ): void => {
    const added = files.map((file): Upload => {
      const refusal = refusalOf(file, rules);
      return {
        key: newKey(),
        file,
        sensitive,
        progress: 0,
        ...(refusal === null
          ? { state: "waiting", retryable: true }
          : { state: "failed", retryable: false, error: new Error(refusal) }),
      };
    });
    this.set([...this.uploads, ...added]);
    this.proceed();
  };

  readonly cancel = (key: string): void => {
    const upload = this.find(key);
    if (upload && isPending(upload)) {
      this.change(key, { state: "cancelled" });
      this.controllers.get(key)?.abort();
      this.proceed();
    }
  };

  readonly retry = (key: string): void => {
    const upload = this.find(key);
    if (upload && (upload.state === "failed" || upload.state === "cancelled") && upload.retryable) {
      this.change(key, { state: "waiting", progress: 0, error: undefined });
      this.proceed();
    }
  };

  readonly remove = (key: string): void => {
    this.cancel(key);
    this.announced.delete(key);
    this.checksums.delete(key);
    this.set(this.uploads.filter((each) => each.key !== key));
  };

  readonly clear = (): void => {
    this.set(this.uploads.filter(({ state }) => state !== "done"));
  };

  private proceed(): void {
    let running = this.controllers.size;
    for (const upload of this.uploads) {
      // One that was cancelled and tried again waits for its former attempt to end.
      if (running < PARALLEL && upload.state === "waiting" && !this.controllers.has(upload.key)) {
        running += 1;
        void this.run(upload);
      }
    }
  }

  private async run({ key, file, sensitive }: Upload): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    this.controllers.set(key, controller);
    const step = (state: UploadState) => {
      signal.throwIfAborted();
      this.change(key, { state });
    };
    try {
      step("hashing");
      const sha256 = this.checksums.get(key) ?? (await sha256Of(file));
      this.checksums.set(key, sha256);
      step("announcing");
      const announcement = this.announced.get(key) ?? newKey();
      this.announced.set(key, announcement);
      const { attachment, upload } = await unwrap(
        api.POST("/admin/tickets/{ticketId}/attachments", {
          params: { path: { ticketId: this.ticketId }, header: once(announcement) },
          body: {
            attachment: {
              fileName: file.name,
              fileType: mediaTypeOf(file),
              fileSizeBytes: String(file.size),
              sha256,
              isSensitive: sensitive,
            },
          },
          signal,
        }),
      );
      step("sending");
      await putFile(upload ?? {}, file, (progress) => this.change(key, { progress }), signal);
      step("checking");
      const complete = await unwrap(
        api.POST("/admin/attachments/{id}/complete", {
          params: { path: { id: attachment?.id ?? "" }, header: once(`complete-${announcement}`) },
          signal,
        }),
      );
      this.change(key, { state: "done", progress: 1, attachment: complete });
      this.onComplete(complete);
    } catch (error) {
      if (!signal.aborted) {
        if (error instanceof ApiError ? !error.isTemporary : error instanceof TransferError && error.isRefusal) {
          // What was announced cannot be made good: the next attempt announces anew, with the file as it is then.
          this.announced.delete(key);
          this.checksums.delete(key);
        }
        this.change(key, { state: "failed", error, retryable: isRetryable(error) });
      }
    } finally {
      this.controllers.delete(key);
      this.proceed();
    }
  }

  private find(key: string): Upload | undefined {
    return this.uploads.find((each) => each.key === key);
  }

  private change(key: string, change: Partial<Upload>): void {
    this.set(this.uploads.map((each) => (each.key === key ? { ...each, ...change } : each)));
  }

  private set(uploads: readonly Upload[]): void {
    this.uploads = uploads;
    for (const listener of this.listeners) {
      listener();
    }
  }
}

/** Neither the type nor the content of a file gets better by itself. */
function isRetryable(error: unknown): boolean {
  return !(
    error instanceof ApiError &&
    (error.reason === "ATTACHMENT_TYPE_NOT_ALLOWED" ||
      (error.reason === "ATTACHMENT_MISMATCH" && error.metadata.mismatch === "content") ||
      error.violations.length > 0)
  );
}

async function sha256Of(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
