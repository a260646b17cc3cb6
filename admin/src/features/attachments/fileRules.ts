import type { Limits } from "@/api/schemas";
import { sizeOf } from "@/vocabulary/fileSize";
import { extensionOf, mediaTypeOf } from "./fileTypes";

/** Which files the service accepts. Null where it has not said: then it is asked with each file. */
export type FileRules = { maxBytes: number; types: readonly string[] } | null;

export function rulesOf(limits: Limits | undefined): FileRules {
  return limits ? { maxBytes: Number(limits.attachmentMaxBytes ?? 0), types: limits.attachmentTypes ?? [] } : null;
}

/** What people call the types, in the order in which they are told; those of one word with what tells them apart. */
const WORDS: readonly (readonly [word: string, types: Readonly<Record<string, string>>])[] = [
  ["PDF", { "application/pdf": ".pdf" }],
  ["JPEG", { "image/jpeg": ".jpg" }],
  ["PNG", { "image/png": ".png" }],
  ["WebP", { "image/webp": ".webp" }],
  ["GIF", { "image/gif": ".gif" }],
  ["HEIC", { "image/heic": ".heic" }],
  ["HEIF", { "image/heif": ".heif" }],
  [
    "Word",
    {
      "application/msword": ".doc",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    },
  ],
  [
    "Excel",
    {
      "application/vnd.ms-excel": ".xls",
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    },
  ],
  ["text", { "text/plain": ".txt" }],
  ["CSV", { "text/csv": ".csv" }],
];

/** For people, beside the place to drop files: "PDF, PNG and CSV, up to 25 MB each". */
export function acceptedWords(rules: FileRules): string {
  if (rules === null) {
    return "";
  }
  const names = WORDS.flatMap(([word, types]) => {
    const all = Object.keys(types);
    const accepted = all.filter((type) => rules.types.includes(type));
    return accepted.length === all.length ? [word] : accepted.map((type) => `${word} (${types[type]})`);
  });
  names.push(...rules.types.filter((type) => !WORDS.some(([, types]) => type in types)));
  return names.length === 0 ? "No files are accepted" : `${listed(names)}, up to ${sizeOf(rules.maxBytes)} each`;
}

/** Why a file is not even announced; null when nothing is against it that can be told from here. */
export function refusalOf(file: File, rules: FileRules): string | null {
  if (file.size === 0) {
    return "The file is empty.";
  }
  const [mediaType, extension] = [mediaTypeOf(file), extensionOf(file.name)];
  if (mediaType === "" && (extension === "" || rules === null)) {
    return `What kind of file this is cannot be told.${acceptedSentence(rules)}`;
  }
  if (rules === null) {
    return null;
  }
  if (!rules.types.includes(mediaType)) {
    return `${extension ? `.${extension} files` : `Files of type ${mediaType}`} are not accepted.${acceptedSentence(rules)}`;
  }
  if (file.size > rules.maxBytes) {
    const [has, most] = [sizeOf(file.size), sizeOf(rules.maxBytes)];
    return has === most
      ? `The file has ${file.size} bytes; at most ${rules.maxBytes} can be attached.`
      : `The file has ${has}; at most ${most} can be attached.`;
  }
  return null;
}

function acceptedSentence(rules: FileRules): string {
  return rules !== null && rules.types.length > 0 ? ` Accepted are ${acceptedWords(rules)}.` : "";
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
