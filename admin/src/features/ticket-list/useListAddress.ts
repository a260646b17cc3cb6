import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { useCaller } from "@/api/caller";
import { type ListAddress, readListAddress, writeListAddress } from "./listAddress";

export type ChangeAddress = (change: Partial<ListAddress>, options?: { replace?: boolean }) => void;

/** What the address says of the list, what in it is unknown, and how to change it. */
export function useListAddress() {
  const { userId } = useCaller();
  const [params, setParams] = useSearchParams();
  const address = useMemo(() => readListAddress(params, userId), [params, userId]);
  const change = useCallback<ChangeAddress>(
    (next, options) =>
      setParams((before) => writeListAddress({ ...readListAddress(before, userId), ...next }, before, userId), options),
    [setParams, userId],
  );
  return { address, change };
}
