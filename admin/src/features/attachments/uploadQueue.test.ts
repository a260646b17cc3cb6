import { HttpResponse, http } from "msw";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { refusal } from "@/features/ticket-actions/handlers";
import { limitsFixture } from "@/fixtures/limits";
import { server } from "@/testing/server";
import { rulesOf } from "./fileRules";
import { UploadQueue } from "./uploadQueue";

const RULES = rulesOf(limitsFixture);

type Put = {
  headers: Record<string, string>;
  progress(share: number): void;
  answer(status: number): void;
  aborted: boolean;
};

let puts: Put[] = [];
let announced: { key: string | null; body: { attachment: Record<string, unknown> } }[] = [];

/** Stands for XMLHttpRequest, whose uploads jsdom does not tell the progress of. */
class FakeXhr {
  status = 0;
  upload: { onprogress?: (event: object) => void } = {};
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  private readonly put: Put = {
    headers: {},
    aborted: false,
    progress: (share) => this.upload.onprogress?.({ lengthComputable: true, loaded: share * 100, total: 100 }),
    answer: (status) => {
      this.status = status;
      if (status === 0) {
        this.onerror?.();
      } else {
        this.onload?.();
      }
    },
  };
  open() {}
  setRequestHeader(name: string, value: string) {
    this.put.headers[name] = value;
  }
  send() {
    puts.push(this.put);
  }
  abort() {
    this.put.aborted = true;
    this.onabort?.();
  }
}

const complete = vi.fn(() => HttpResponse.json({ id: "a1", fileName: "a.txt" }));

beforeEach(() => {
  puts = [];
  announced = [];
  complete.mockImplementation(() => HttpResponse.json({ id: "a1", fileName: "a.txt" }));
  vi.stubGlobal("XMLHttpRequest", FakeXhr);
  server.use(
    http.post("*/admin/tickets/:id/attachments", async ({ request }) => {
      announced.push({
        key: request.headers.get("idempotency-key"),
        body: (await request.json()) as (typeof announced)[number]["body"],
      });
      return HttpResponse.json({
        attachment: { id: "a1" },
        upload: {
          method: "PUT",
          url: "http://store.test/a1",
          headers: { "Content-Length": "12", "Content-Type": "text/plain", "If-None-Match": "*" },
        },
      });
    }),
    http.post("*/admin/attachments/:id/complete", () => complete()),
  );
});

afterEach(() => vi.unstubAllGlobals());

function file(name = "a.txt"): File {
  const made = new File(["hello world\n"], name, { type: "text/plain" });
  // jsdom's buffers are of another realm, which Node's digest does not take.
  made.arrayBuffer = async () => Buffer.from("hello world\n") as unknown as ArrayBuffer;
  return made;
}

async function put(index = 0): Promise<Put> {
  await vi.waitFor(() => expect(puts.length).toBeGreaterThan(index), 8000);
  return puts[index] as Put;
}

const states = (queue: UploadQueue) => queue.read().map(({ state }) => state);
const reaches = (queue: UploadQueue, state: string) => vi.waitFor(() => expect(states(queue)[0]).toBe(state));

describe("an upload", () => {
  it("announces the checksum, sends the signed headers, tells progress, and completes", async () => {
    const done = vi.fn();
    const queue = new UploadQueue("TKT-1", done);
    queue.add([file()], RULES, { sensitive: true });
    const first = await put();
    expect(announced[0]?.body.attachment).toEqual({
      fileName: "a.txt",
      fileType: "text/plain",
      fileSizeBytes: "12",
      sha256: "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447",
      isSensitive: true,
    });
    expect(first.headers).toEqual({ "Content-Type": "text/plain", "If-None-Match": "*" });
    first.progress(0.5);
    expect(queue.read()[0]).toMatchObject({ state: "sending", progress: 0.5 });
    first.answer(200);
    await reaches(queue, "done");
    expect(done).toHaveBeenCalledWith(expect.objectContaining({ id: "a1" }));
  });

  it("is tried again as the same attachment when the store was away", async () => {
    const queue = new UploadQueue("TKT-1");
    queue.add([file()], RULES);
    (await put()).answer(0);
    await reaches(queue, "failed");
    queue.retry(queue.read()[0]?.key ?? "");
    (await put(1)).answer(200);
    await reaches(queue, "done");
    expect(new Set(announced.map(({ key }) => key)).size).toBe(1);
  });

  it.each([400, 403])("is read and announced anew after the store refused its bytes: %i", async (status) => {
    const queue = new UploadQueue("TKT-1");
    const changing = file();
    queue.add([changing], RULES);
    const first = await put();
    changing.arrayBuffer = async () => Buffer.from("hello again\n") as unknown as ArrayBuffer;
    first.answer(status);
    await reaches(queue, "failed");
    queue.retry(queue.read()[0]?.key ?? "");
    (await put(1)).answer(200);
    await reaches(queue, "done");
    expect(new Set(announced.map(({ key }) => key)).size).toBe(2);
    expect(new Set(announced.map(({ body }) => body.attachment.sha256)).size).toBe(2);
  });

  it("goes on to complete when the store has the bytes already", async () => {
    const queue = new UploadQueue("TKT-1");
    queue.add([file()], RULES);
    (await put()).answer(412);
    await reaches(queue, "done");
  });

  it("is announced anew after what arrived was refused, and not at all when its content is the matter", async () => {
    const queue = new UploadQueue("TKT-1");
    complete.mockImplementationOnce(
      () => refusal(400, "ATTACHMENT_MISMATCH", "no", { metadata: { mismatch: "size" } }) as HttpResponse<never>,
    );
    queue.add([file()], RULES);
    (await put()).answer(200);
    await reaches(queue, "failed");
    complete.mockImplementationOnce(
      () => refusal(400, "ATTACHMENT_MISMATCH", "no", { metadata: { mismatch: "content" } }) as HttpResponse<never>,
    );
    queue.retry(queue.read()[0]?.key ?? "");
    (await put(1)).answer(200);
    await vi.waitFor(() => expect(queue.read()[0]).toMatchObject({ state: "failed", retryable: false }));
    expect(new Set(announced.map(({ key }) => key)).size).toBe(2);
  });

  it("can be cancelled and taken up again", async () => {
    const queue = new UploadQueue("TKT-1");
    queue.add([file()], RULES);
    const first = await put();
    const { key } = queue.read()[0] ?? { key: "" };
    queue.cancel(key);
    expect(first.aborted).toBe(true);
    expect(states(queue)).toEqual(["cancelled"]);
    queue.retry(key);
    (await put(1)).answer(200);
    await reaches(queue, "done");
  });

  it("of what cannot be attached is refused before anything is sent", () => {
    const queue = new UploadQueue("TKT-1");
    const large = file("large.pdf");
    Object.defineProperty(large, "size", { value: 26 * 1024 * 1024 });
    queue.add([large, new File([], "empty.txt"), file("anim.gif"), file("fine.txt")], RULES);
    const [refused, fine] = [queue.read().slice(0, 3), queue.read()[3]];
    expect(refused).toEqual(Array(3).fill(expect.objectContaining({ state: "failed", retryable: false })));
    expect(fine?.state).toBe("hashing");
    queue.cancel(fine?.key ?? "");
    expect(announced).toEqual([]);
  });
});

it("sends two files at a time, in their order", async () => {
  const queue = new UploadQueue("TKT-1");
  queue.add([file("a.txt"), file("b.txt"), file("c.txt")], RULES);
  await put(1);
  expect(states(queue)).toEqual(["sending", "sending", "waiting"]);
  puts[0]?.answer(200);
  (await put(2)).answer(200);
  puts[1]?.answer(200);
  await vi.waitFor(() => expect(states(queue)).toEqual(["done", "done", "done"]));
  queue.clear();
  expect(queue.read()).toEqual([]);
});
