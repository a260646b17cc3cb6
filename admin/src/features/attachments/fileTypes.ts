/** What this service takes unless it is configured otherwise; the server has the last word on both. */
export const FILE_MAX_BYTES = 25 * 1024 * 1024;

type FileKind = "image" | "pdf" | "text" | "document" | "sheet" | "other";

type FileType = { kind: FileKind; extensions: readonly string[] };

const TYPES: Readonly<Record<string, FileType>> = {
  "application/pdf": { kind: "pdf", extensions: ["pdf"] },
  "image/jpeg": { kind: "image", extensions: ["jpg", "jpeg"] },
  "image/png": { kind: "image", extensions: ["png"] },
  "image/webp": { kind: "image", extensions: ["webp"] },
  "image/heic": { kind: "image", extensions: ["heic"] },
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

/** For people, beside the place to drop files. */
export const ACCEPTED_WORDS = "PDF, images, Word, Excel, text and CSV, up to 25 MB each";

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
  const extension = file.name.includes(".") ? (file.name.split(".").pop() ?? "").toLowerCase() : "";
  const byName = Object.entries(TYPES).find(([, { extensions }]) => extensions.includes(extension))?.[0];
  return byName ?? (file.type.split(";")[0] ?? "").trim().toLowerCase();
}

/** Why a file is not even announced; null when nothing is against it that can be told from here. */
export function refusalOf(file: File): string | null {
  if (file.size === 0) {
    return "The file is empty.";
  }
  if (file.size > FILE_MAX_BYTES) {
    return `The file has ${sizeOf(file.size)}; at most ${sizeOf(FILE_MAX_BYTES)} can be attached.`;
  }
  if (mediaTypeOf(file) === "") {
    return `What kind of file this is cannot be told. Accepted are ${ACCEPTED_WORDS}.`;
  }
  return null;
}

const UNITS = ["B", "KB", "MB", "GB"];

/** "48.2 KB", in units of 1024. */
export function sizeOf(bytes: number | string | undefined): string {
  let value = Number(bytes ?? 0);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${UNITS[unit]}`;
}
