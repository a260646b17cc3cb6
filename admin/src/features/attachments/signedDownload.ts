import { api, unwrap } from "@/api/client";
import type { SignedRequest } from "@/api/schemas";
import { TransferError } from "./putFile";

/** A signed GET for a file. The reason, if any, goes in the body: it should not stand in logs of addresses. */
export async function signedDownload(id: string, accessReason?: string): Promise<SignedRequest> {
  const path = { id };
  const { download } = await unwrap(
    accessReason === undefined
      ? api.GET("/admin/attachments/{id}/download", { params: { path } })
      : api.POST("/admin/attachments/{id}/download", { params: { path }, body: { accessReason } }),
  );
  return download ?? {};
}

/** Has the browser save what a signed GET gives; the store names the file. */
export function save({ url = "" }: SignedRequest): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.rel = "noopener noreferrer";
  document.body.append(link);
  link.click();
  link.remove();
}

/** The bytes, for showing them here: the page's policy lets images come from itself alone. */
export async function bytesOf({ url = "" }: SignedRequest, signal: AbortSignal): Promise<Blob> {
  let response: Response;
  try {
    response = await globalThis.fetch(url, { signal, credentials: "omit", cache: "no-store" });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") {
      throw cause;
    }
    throw new TransferError(0, "The file store cannot be reached from this page.");
  }
  if (!response.ok) {
    throw new TransferError(response.status, `The file store did not give the file (status ${response.status}).`);
  }
  return response.blob();
}
