import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { useCaller } from "@/api/caller";
import { type ListAddress, readListAddress, writeListAddress } from "./listAddress";
import { pageQuery, requestOf } from "./listQueries";

export type ChangeAddress = (change: Partial<ListAddress>, options?: { replace?: boolean }) => void;

/** What the address says of the list, what in it is unknown, and how to change it. */
export function useListAddress() {
  const { userId } = useCaller();
  const queryClient = useQueryClient();
  const [params, setParams] = useSearchParams();
  const address = useMemo(() => readListAddress(params, userId), [params, userId]);
  const change = useCallback<ChangeAddress>(
    (next, options) => {
      const after = { ...readListAddress(params, userId), ...next };
      // Asked for at once, not after the view has been drawn for the new address.
      void queryClient.prefetchQuery(pageQuery(requestOf(after), ""));
      setParams((before) => writeListAddress(after, before, userId), options);
    },
    [queryClient, setParams, params, userId],
  );
  return { address, change };
}
