import { createContext, useContext } from "react";

const Context = createContext<string | undefined>(undefined);

/** Surrounds a view in which protected data was revealed, with the reason given; it ends with that view. */
export const AccessReason = Context.Provider;

/** Why protected data is looked at in this view; undefined where nobody has said so, and nothing may be revealed. */
export function useAccessReason(): string | undefined {
  return useContext(Context);
}
