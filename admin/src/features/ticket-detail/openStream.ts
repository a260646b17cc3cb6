import { HttpResponse, http } from "msw";
import type { TimelineEntry } from "@/api/schemas";

/** A ticket's stream, into which a test writes. */
export function openStream() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const requests: (Record<string, string> | null)[] = [];
  const handler = http.all("*/admin/tickets/:id/timeline\\:watch", async ({ request }) => {
    requests.push(request.method === "POST" ? ((await request.json()) as Record<string, string>) : null);
    const body = new ReadableStream<Uint8Array>({
      start(given) {
        controller = given;
      },
    });
    return new HttpResponse(body, { headers: { "Content-Type": "text/event-stream" } });
  });
  const write = (text: string) => controller?.enqueue(new TextEncoder().encode(text));
  return {
    handler,
    requests,
    tell: (entry: TimelineEntry) => write(`event: entry\nid: ${entry.seq}\ndata: ${JSON.stringify({ entry })}\n\n`),
    error: (status: object) => write(`event: error\ndata: ${JSON.stringify(status)}\n\n`),
    close: () => controller?.close(),
  };
}
