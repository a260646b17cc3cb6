import type { Transport } from "@connectrpc/connect";

import { TicketsError } from "./errors.js";

/** Ends unary calls that were made without a timeout. Connect's own default would end watches too. */
export function withDeadline(transport: Transport, deadlineMs: number): Transport {
  return {
    unary: (method, signal, timeoutMs, header, input, contextValues) =>
      transport.unary(method, signal, timeoutMs ?? deadlineMs, header, input, contextValues),
    stream: (...call) => transport.stream(...call),
  };
}

/** Makes every failure a TicketsError. An interceptor could not: deadlines and aborts pass it by. */
export function decodingErrors(transport: Transport): Transport {
  return {
    unary: (...call) => transport.unary(...call).catch(rethrow),
    stream: async (...call) => {
      const response = await transport.stream(...call).catch(rethrow);
      return { ...response, message: decoded(response.message) };
    },
  };
}

async function* decoded<T>(messages: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    rethrow(error);
  }
}

function rethrow(error: unknown): never {
  throw TicketsError.decode(error);
}
