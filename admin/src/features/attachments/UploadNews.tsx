import { isPending } from "./uploadQueue";
import type { Uploads } from "./useUploads";

/** For who does not see the list of uploads: that they have begun, and what has become of them; no step between. */
export function UploadNews({ uploads }: Pick<Uploads, "uploads">) {
  return (
    <div role="status" className="visually-hidden">
      {newsOf(uploads)}
    </div>
  );
}

function newsOf(uploads: Uploads["uploads"]): string {
  const states = uploads.map(({ state }) => state);
  const attached = states.filter((state) => state === "done").length;
  const failed = states.filter((state) => state === "failed").length;
  if (uploads.some(isPending)) {
    return "Files are on their way";
  }
  return [attached > 0 && `${filesOf(attached)} attached`, failed > 0 && `${filesOf(failed)} not attached`]
    .filter(Boolean)
    .join(", ");
}

function filesOf(count: number): string {
  return count === 1 ? "1 file" : `${count} files`;
}
