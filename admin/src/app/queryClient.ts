import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/errors";
import { leave } from "./session";

const ATTEMPTS = 3;

/** Reads are tried again where that may help; changes are not, unless they say so: a person decides. */
export function createQueryClient(onLoggedOut: () => void = toLogin): QueryClient {
  const notice = (error: unknown) => {
    if (error instanceof ApiError && error.isUnauthenticated) {
      onLoggedOut();
    }
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: notice }),
    mutationCache: new MutationCache({ onError: notice }),
    defaultOptions: {
      // What was sent, protected fields of an edit among it, is not kept after its form.
      // Without a network they fail at once: what nobody sees any more must not be sent once there is one again.
      mutations: { gcTime: 0, networkMode: "always" },
      queries: {
        staleTime: 15_000,
        retry: (failures, error) => failures < ATTEMPTS && !(error instanceof ApiError && !error.isTemporary),
      },
    },
  });
}

/** The session has ended: log in, and come back here. */
function toLogin(): void {
  leave(window.location.pathname + window.location.search);
}
