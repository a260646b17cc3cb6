import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Button, Result } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { callerQuery } from "@/api/caller";
import { showTo, whenRefusedAsAnother } from "@/api/person";
import type { Caller } from "@/api/schemas";
import { tellOtherTabs, useIsOver, whenItMayHaveChanged } from "./session";

/**
 * Shows the app to the person for whom it was loaded. All tabs have one session: when somebody else has logged in in
 * another one, what is shown here is not theirs to see, and what is done here is refused, as it is not theirs.
 */
export function SamePerson({ children }: { children: ReactNode }) {
  const queryClient = useQueryClient();
  const { data: caller, refetch } = useSuspenseQuery(callerQuery);
  const [person] = useState(() => {
    // Before anything below asks for something.
    showTo(caller.userId);
    return personOf(caller);
  });
  const isOver = useIsOver();
  const isOther = personOf(caller) !== person;
  useEffect(() => {
    tellOtherTabs();
    const look = () => void refetch();
    const stops = [whenItMayHaveChanged(look), whenRefusedAsAnother(look)];
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }, [refetch]);
  useEffect(() => {
    if (isOther || isOver) {
      queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== callerQuery.queryKey[0] });
      queryClient.getMutationCache().clear();
    }
  }, [isOther, isOver, queryClient]);
  if (isOver) {
    return null;
  }
  if (isOther) {
    return (
      <Result
        status="warning"
        title={`This browser is now logged in as ${caller.displayName || caller.userId}`}
        subTitle="Somebody has logged in in another tab. What was shown here has been cleared."
        extra={
          <Button type="primary" onClick={() => window.location.reload()}>
            Go on as {caller.displayName || caller.userId}
          </Button>
        }
      />
    );
  }
  return children;
}

/** What somebody is shown depends on these. */
function personOf({ userId, role, franchiseIds = [] }: Caller): string {
  return JSON.stringify([userId, role, [...franchiseIds].sort()]);
}
