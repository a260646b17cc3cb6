import { clone, type DescMessage, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { setTimeout as delay } from "node:timers/promises";

const MAX_ATTEMPTS = 4;

/** Sends the token. */
export function authenticating(token: () => string | Promise<string>): Interceptor {
  return (next) => async (request) => {
    request.header.set("authorization", `Bearer ${await token()}`);
    return next(request);
  };
}

/** Gives each mutation a request id, on a copy: sending the same message again is a new request. */
export const identifyingRequests: Interceptor = (next) => async (request) => {
  if (request.stream || !lacksRequestId(request.method.input, request.message)) {
    return next(request);
  }
  const identified = clone<DescMessage>(request.method.input, request.message);
  return next({ ...request, message: Object.assign(identified, { requestId: crypto.randomUUID() }) });
};

function lacksRequestId(schema: DescMessage, message: Message): boolean {
  return schema.field["requestId"] !== undefined && (message as { requestId?: string }).requestId === "";
}

/** Repeats unary calls that found no server, with back-off; request ids make that safe for mutations. */
export const retrying: Interceptor = (next) => async (request) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await next(request);
    } catch (error) {
      const { code } = ConnectError.from(error);
      // A server that begins to drain ends the calls that cross its goodbye with Canceled.
      const lost = code === Code.Unavailable || (code === Code.Canceled && !request.signal.aborted);
      if (request.stream || !lost || attempt === MAX_ATTEMPTS) {
        throw error;
      }
      await delay(100 * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), undefined, { signal: request.signal });
    }
  }
};
