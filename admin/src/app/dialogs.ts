import { useCallback } from "react";
import { useSearchParams } from "react-router";

/**
 * Whether a dialog is open, kept in the address (`?dialog=create`), so that the back button closes it and it can be
 * linked to. One is open at a time.
 */
export function useDialog(name: string): [open: boolean, setOpen: (open: boolean) => void] {
  const [params, setParams] = useSearchParams();
  const setOpen = useCallback(
    (open: boolean) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          if (open) {
            after.set("dialog", name);
          } else {
            after.delete("dialog");
          }
          return after;
        },
        { replace: !open },
      ),
    [name, setParams],
  );
  return [params.get("dialog") === name, setOpen];
}
