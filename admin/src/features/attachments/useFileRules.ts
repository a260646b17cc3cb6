import { useMemo } from "react";
import { useCaller } from "@/api/caller";
import { type FileRules, rulesOf } from "./fileRules";

/** Which files this service accepts, as it is configured. */
export function useFileRules(): FileRules {
  const { limits } = useCaller();
  return useMemo(() => rulesOf(limits), [limits]);
}
