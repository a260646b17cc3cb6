import type { SignedRequest } from "@/api/schemas";

/** The object store did not take the bytes. */
export class TransferError extends Error {
  override readonly name = "TransferError";

  constructor(
    /** HTTP status; 0 when the store was not reached. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  /** It never takes them with that signature: it has expired, or the bytes are not those that were announced. */
  get isRefusal(): boolean {
    return this.status === 400 || this.status === 403;
  }
}

/** The store has these bytes already: an attempt before this one arrived, though its answer did not. */
const PRECONDITION_FAILED = 412;

/**
 * Sends the bytes with a signed PUT, with exactly its headers. By XMLHttpRequest, since fetch does not tell how much
 * was sent. Throws TransferError, and AbortError when `signal` aborts.
 */
export function putFile(
  { url = "", method = "PUT", headers = {} }: SignedRequest,
  file: Blob,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const end = (outcome: () => void) => {
      signal.removeEventListener("abort", abort);
      outcome();
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) {
      // Browsers set it themselves, and complain of who does.
      if (name.toLowerCase() !== "content-length" && name.toLowerCase() !== "host") {
        request.setRequestHeader(name, value);
      }
    }
    request.upload.onprogress = ({ loaded, total, lengthComputable }) => {
      if (lengthComputable && total > 0) {
        onProgress(loaded / total);
      }
    };
    request.onload = () =>
      end(() => {
        if ((request.status >= 200 && request.status < 300) || request.status === PRECONDITION_FAILED) {
          resolve();
        } else {
          reject(new TransferError(request.status, wordsOf(request.status)));
        }
      });
    request.onerror = () => end(() => reject(new TransferError(0, wordsOf(0))));
    request.onabort = () => end(() => reject(new DOMException("The upload was cancelled.", "AbortError")));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) {
      end(() => reject(new DOMException("The upload was cancelled.", "AbortError")));
      return;
    }
    request.send(file);
  });
}

function wordsOf(status: number): string {
  if (status === 0) {
    return "The file store cannot be reached, or does not allow uploads from this page.";
  }
  if (status === 403) {
    return "The upload took too long, or the file changed meanwhile. Try again.";
  }
  if (status === 400) {
    return "The file changed while it was uploaded, or the upload was cut off. Try again.";
  }
  return `The file store did not take the file (status ${status}).`;
}
