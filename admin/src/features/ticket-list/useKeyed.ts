import { useCallback, useState } from "react";

/** State that belongs to something and begins anew with another one. `initial` must not change. */
export function useKeyed<Value>(key: string, initial: Value): [Value, (value: Value) => void] {
  const [held, setHeld] = useState({ key, value: initial });
  const set = useCallback((value: Value) => setHeld({ key, value }), [key]);
  return [held.key === key ? held.value : initial, set];
}
