import { useEffect, useEffectEvent, useState } from "react";
import type { ApiError } from "./errors";
import { follow, type StreamEvent, type StreamRequest, type StreamState } from "./stream";

/**
 * Follows a watch while the component is shown; null follows none. A change of the request (compared by value) begins
 * a new stream. Returns the state, to show people whether what they see is live.
 */
export function useStream<Message>(
  request: StreamRequest | null,
  handlers: { onEvent(event: StreamEvent<Message>): void; onEnd?(error: ApiError): void },
): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const onEvent = useEffectEvent((event: StreamEvent<Message>) => handlers.onEvent(event));
  const onEnd = useEffectEvent((error: ApiError) => handlers.onEnd?.(error));
  const key = request === null ? null : JSON.stringify(request);
  useEffect(() => {
    if (key === null) {
      return;
    }
    const controller = new AbortController();
    void follow<Message>(
      {
        request: JSON.parse(key) as StreamRequest,
        onEvent: (event) => onEvent(event),
        onState: setState,
        onEnd: (error) => onEnd(error),
      },
      controller.signal,
    );
    return () => controller.abort();
  }, [key]);
  return state;
}
