// What a page of the gateway has and Node has not: addresses of its own origin, cookies, EventSource.
const origin = process.env.HTTP;
const plainFetch = globalThis.fetch;
let cookie = "";

globalThis.fetch = async (address, options = {}) => {
  const url = new URL(address, origin);
  const own = url.origin === origin;
  const headers = own ? { ...options.headers, cookie, "sec-fetch-site": "same-origin" } : options.headers;
  const answer = await plainFetch(url, { ...options, headers: headers ?? {} });
  cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? cookie;
  return answer;
};

globalThis.EventSource = class extends EventTarget {
  constructor(address) {
    super();
    this.controller = new AbortController();
    this.read(address).catch((error) => {
      if (!this.controller.signal.aborted) {
        throw error;
      }
    });
  }

  async read(address) {
    const answer = await fetch(address, { headers: { accept: "text/event-stream" }, signal: this.controller.signal });
    let text = "";
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const lines = text.slice(0, end).split("\n").map((line) => line.match(/^(\w+): (.*)$/)?.slice(1) ?? []);
        const { event, data } = Object.fromEntries(lines.filter((pair) => pair.length));
        text = text.slice(end + 2);
        if (event) {
          this.dispatchEvent(new MessageEvent(event, { data }));
        }
      }
    }
  }

  close() {
    this.controller.abort();
  }
};

await fetch("/session", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ token: process.env.TOKEN }),
});
