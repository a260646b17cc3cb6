type FileKind = "image" | "pdf" | "text" | "document" | "sheet" | "other";

type FileType = { kind: FileKind; extensions: readonly string[] };

/** Types that have a picture and usual ends of names; which of them are accepted is the service's to say. */
const TYPES: Readonly<Record<string, FileType>> = {
  "application/pdf": { kind: "pdf", extensions: ["pdf"] },
  "image/jpeg": { kind: "image", extensions: ["jpg", "jpeg"] },
  "image/png": { kind: "image", extensions: ["png"] },
  "image/webp": { kind: "image", extensions: ["webp"] },
  "image/gif": { kind: "image", extensions: ["gif"] },
  "image/heic": { kind: "image", extensions: ["heic"] },
  "image/heif": { kind: "image", extensions: ["heif"] },
  "text/plain": { kind: "text", extensions: ["txt", "log"] },
  "text/csv": { kind: "sheet", extensions: ["csv"] },
  "application/msword": { kind: "document", extensions: ["doc"] },
  "application/vnd.ms-excel": { kind: "sheet", extensions: ["xls"] },
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": {
    kind: "document",
    extensions: ["docx"],
  },
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": { kind: "sheet", extensions: ["xlsx"] },
};

/** Types that browsers draw and that run nothing; SVG is none of them. */
const DRAWN = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);

export function kindOf(mediaType: string | undefined): FileKind {
  return TYPES[mediaType ?? ""]?.kind ?? (mediaType?.startsWith("image/") ? "image" : "other");
}

export function isDrawn(mediaType: string | undefined): boolean {
  return DRAWN.has(mediaType ?? "");
}

/**
 * The media type to announce: told by the name where that says it, since systems disagree (Windows with Excel calls
 * .csv a workbook), else what the browser says; empty when neither knows.
 */
export function mediaTypeOf(file: File): string {
  const extension = extensionOf(file.name);
  const byName = Object.entries(TYPES).find(([, { extensions }]) => extensions.includes(extension))?.[0];
  return byName ?? (file.type.split(";")[0] ?? "").trim().toLowerCase();
}

/** "pdf" of "Slip.PDF"; empty where there is none. */
export function extensionOf(name: string): string {
  return name.includes(".") ? (name.split(".").pop() ?? "").toLowerCase() : "";
}
