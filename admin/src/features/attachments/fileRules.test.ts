import { describe, expect, it } from "vitest";
import { limitsFixture } from "@/fixtures/limits";
import { acceptedWords, refusalOf, rulesOf } from "./fileRules";

const USUAL = rulesOf(limitsFixture);

function file(name: string, type = "", size = 100): File {
  const made = new File(["x"], name, { type });
  Object.defineProperty(made, "size", { value: size });
  return made;
}

const rules = (types: string[], maxBytes = 1024) =>
  rulesOf({ attachmentTypes: types, attachmentMaxBytes: String(maxBytes) });

describe("what is accepted", () => {
  it("is told in people's words, as the service is configured", () => {
    expect(acceptedWords(USUAL)).toBe("PDF, JPEG, PNG, WebP, HEIC, Word, Excel, text and CSV, up to 25 MB each");
    expect(acceptedWords(rules(["application/pdf"], 5_000_000))).toBe("PDF, up to 4.8 MB each");
    expect(acceptedWords(rules(["application/zip", "application/msword", "image/gif"]))).toBe(
      "GIF, Word (.doc) and application/zip, up to 1 KB each",
    );
    expect(acceptedWords(rules([]))).toBe("No files are accepted");
  });

  it("is not told where the service has not told it", () => {
    expect(rulesOf(undefined)).toBeNull();
    expect(acceptedWords(null)).toBe("");
    expect(refusalOf(file("a.exe", "application/x-msdownload", 10 ** 12), null)).toBeNull();
    expect(refusalOf(file("strange"), null)).toBe("What kind of file this is cannot be told.");
  });
});

describe("a file", () => {
  it.each([
    ["slip.pdf", "application/pdf"],
    ["SLIP.PDF", ""],
    ["rates.csv", "application/vnd.ms-excel"],
    ["photo", "image/png"],
    ["notes.txt", "text/plain; charset=utf-8"],
  ])("that is accepted: %s of type %j", (name, type) => {
    expect(refusalOf(file(name, type), USUAL)).toBeNull();
  });

  it.each([
    ["run.exe", "application/x-msdownload", ".exe files are not accepted. Accepted are PDF, JPEG,"],
    ["clip", "video/mp4", "Files of type video/mp4 are not accepted. Accepted are PDF,"],
    ["anim.gif", "image/gif", ".gif files are not accepted."],
    ["run.unknown", "", ".unknown files are not accepted. Accepted are PDF,"],
    ["unknown", "", "What kind of file this is cannot be told. Accepted are PDF,"],
  ])("that is not: %s of type %j", (name, type, words) => {
    expect(refusalOf(file(name, type), USUAL)).toContain(words);
  });

  it("is refused by its size, told so that the two can be told apart", () => {
    const most = Number(limitsFixture.attachmentMaxBytes);
    expect(refusalOf(file("a.pdf", "", most), USUAL)).toBeNull();
    expect(refusalOf(file("a.pdf", "", 30 * 1024 * 1024), USUAL)).toBe(
      "The file has 30 MB; at most 25 MB can be attached.",
    );
    expect(refusalOf(file("a.pdf", "", most + 1), USUAL)).toBe(
      "The file has 26214401 bytes; at most 26214400 can be attached.",
    );
    expect(refusalOf(file("a.pdf", "", 0), USUAL)).toBe("The file is empty.");
  });

  it("of any type is refused where none is accepted", () => {
    expect(refusalOf(file("a.pdf"), rules([]))).toBe(".pdf files are not accepted.");
  });
});
