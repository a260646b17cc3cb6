import { ConnectError, type Client } from "@connectrpc/connect";

import { TicketsError } from "./errors.js";
import type { Attachment, SignedRequest } from "./gen/rodistaa/tickets/v1/attachment_pb.js";
import type { AttachmentService } from "./gen/rodistaa/tickets/v1/attachment_service_pb.js";
import { grownPause, pause } from "./pause.js";
import type { Backoff } from "./resuming.js";

/** A `TicketsClient`, or an object with this service alone, over any of Connect's transports. */
export interface AttachmentsClient {
  readonly attachments: Client<typeof AttachmentService>;
}

export interface Upload {
  readonly ticketId: string;
  readonly file: Blob | Uint8Array<ArrayBuffer>;
  /** Needed unless `file` is a File, which has a name. */
  readonly fileName?: string;
  /** Media type; needed unless the Blob has one. */
  readonly fileType?: string;
  /** Whether downloads need a reason. Default false. */
  readonly isSensitive?: boolean;
  /** UUID; an upload that is repeated with the same one attaches the file once. */
  readonly requestId?: string;
}

export interface TransferOptions {
  /** Ends it; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Of the transfer. Default 6. */
  readonly attempts?: number;
  /** The pauses between them. Default 250 ms to 15 s. */
  readonly backoff?: Backoff;
}

/**
 * The object store did not take the bytes.
 *
 * `status` is its HTTP status, undefined where it was not reached. `storeCode` is its own name of the error, such as
 * "AccessDenied", or empty. The message does not hold the signed URL, which is a secret.
 */
export class TransferError extends Error {
  override readonly name = "TransferError";

  constructor(
    message: string,
    readonly status?: number,
    readonly storeCode = "",
  ) {
    super(message);
  }

  /** Whether the same request may succeed later. */
  get isPassing(): boolean {
    return this.status === undefined || PASSING.has(this.status) || PASSING_CODES.has(this.storeCode);
  }
}

// 409 is what S3 answers when two conditional requests for one key meet.
const PASSING = new Set([408, 409, 425, 429, 500, 502, 503, 504]);
const PASSING_CODES = new Set(["RequestTimeout", "SlowDown"]);
const FORBIDDEN = 403;
const PRECONDITION_FAILED = 412;
/** CompleteAttachment reads the whole file from the store, which takes longer than most calls. */
const COMPLETION_MS = 60_000;

/**
 * Attaches a file to a ticket, by fetch and WebCrypto, in Node or in a browser (on a page of HTTPS or localhost); the
 * attachment that is returned is READY.
 *
 * A transfer that breaks is repeated; a signed URL that expires meanwhile is signed anew. Throws TicketsError for what
 * the server refuses (ATTACHMENT_TYPE_NOT_ALLOWED, TICKET_ARCHIVED …), TransferError for what the store does.
 */
export async function uploadAttachment(
  client: AttachmentsClient,
  upload: Upload,
  options: TransferOptions = {},
): Promise<Attachment> {
  const blob = upload.file instanceof Blob ? upload.file : new Blob([upload.file]);
  const fileName = upload.fileName ?? (typeof File !== "undefined" && blob instanceof File ? blob.name : undefined);
  const fileType = upload.fileType ?? (blob.type.split(";")[0] ?? "").trim();
  if (fileName === undefined) {
    throw new TypeError("The file has no name: give fileName.");
  }
  if (fileType === "") {
    throw new TypeError("The media type of the file is not known: give fileType.");
  }
  const { signal } = options;
  const calling = signal ? { signal } : {};
  const request = {
    ticketId: upload.ticketId,
    attachment: {
      fileName,
      fileType,
      fileSizeBytes: BigInt(blob.size),
      sha256: await sha256(blob),
      isSensitive: upload.isSensitive ?? false,
    },
    requestId: upload.requestId ?? crypto.randomUUID(),
  };
  let id = "";
  const sign = async () => {
    // The same request id: the same attachment, with a fresh signature.
    const { attachment, upload } = await client.attachments.createAttachment(request, calling);
    id = attachment?.id ?? "";
    return upload;
  };
  let broken: TransferError | undefined;
  try {
    await put(sign, blob, options);
  } catch (error) {
    // A store that has the object already may cut the connection before its answer is read.
    if (!(error instanceof TransferError) || error.status !== undefined) {
      throw error;
    }
    broken = error;
  }
  try {
    const completion = { id, requestId: crypto.randomUUID() };
    const done = await client.attachments.completeAttachment(completion, { ...calling, timeoutMs: COMPLETION_MS });
    return done.attachment as Attachment;
  } catch (error) {
    const isMissing = error instanceof ConnectError && TicketsError.decode(error).reason === "ATTACHMENT_NOT_UPLOADED";
    throw (isMissing && broken) || error;
  }
}

/**
 * Where the bytes of an attachment are, for 5 minutes: a link that browsers save under the attachment's name. It is a
 * secret. A sensitive attachment needs an `accessReason` (TicketsError ACCESS_REASON_REQUIRED), which is audited.
 */
export async function downloadUrl(
  client: AttachmentsClient,
  attachmentId: string,
  { accessReason = "", signal }: { accessReason?: string; signal?: AbortSignal } = {},
): Promise<{ url: string; attachment: Attachment; expiresAt: Date }> {
  const request = { id: attachmentId, accessReason };
  const { attachment, download } = await client.attachments.getAttachmentDownload(request, signal ? { signal } : {});
  const expiresAt = new Date(Number(download?.expiresAt?.seconds ?? 0n) * 1000);
  return { url: download?.url ?? "", attachment: attachment as Attachment, expiresAt };
}

/** 64 hexadecimal digits. */
async function sha256(blob: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return Array.from(new Uint8Array(digest), (each) => each.toString(16).padStart(2, "0")).join("");
}

async function put(
  sign: () => Promise<SignedRequest | undefined>,
  blob: Blob,
  { signal, attempts = 6, backoff = { firstMs: 250, longestMs: 15_000 } }: TransferOptions,
): Promise<void> {
  let request = await sign();
  let signedAgain = false;
  for (let failures = 0; ; ) {
    try {
      return await putOnce(request, blob, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransferError)) {
        throw error;
      }
      if (error.status === FORBIDDEN && !signedAgain) {
        signedAgain = true;
        request = await sign();
        continue;
      }
      if (!error.isPassing || failures + 1 >= attempts) {
        throw error;
      }
      await pause(grownPause(failures++, backoff), signal);
    }
  }
}

/** What the store has already was put there by an attempt whose answer was lost. */
async function putOnce(request: SignedRequest | undefined, blob: Blob, signal: AbortSignal | undefined): Promise<void> {
  const { method = "", url = "", headers = {} } = request ?? {};
  // fetch sends these two by itself, and browsers do not let them be set.
  const own = Object.entries(headers).filter(([name]) => !["content-length", "host"].includes(name.toLowerCase()));
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: own,
      body: blob,
      credentials: "omit",
      redirect: "error",
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new TransferError(`The file store cannot be reached, or broke off: ${cause}`);
  }
  const body = await response.text().catch(() => "");
  if (!response.ok && response.status !== PRECONDITION_FAILED) {
    const code = /<Code>([^<]{1,100})<\/Code>/.exec(body)?.[1] ?? "";
    throw new TransferError(
      `The file store answered ${response.status} (${code || response.statusText}).`,
      response.status,
      code,
    );
  }
}
