import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Ticket } from "@/api/schemas";
import { ticketKeys, ticketQuery } from "@/api/tickets";

export type Reveal = {
  /** The reason given for this view; undefined while protected data is withheld. */
  reason: string | undefined;
  /** Rises with each view that was asked for. */
  serial: number;
};

/** Protected data of one ticket in one view: shown for a reason, each view is audited, gone when the view is. */
export function useReveal(ticketId: string, live: Ticket | undefined) {
  const queryClient = useQueryClient();
  const [reveal, setReveal] = useState<Reveal>({ reason: undefined, serial: 0 });
  const { data: seen } = useQuery({ ...ticketQuery(ticketId, reveal.reason ?? ""), enabled: false });
  const revealed = reveal.reason === undefined ? undefined : seen;
  useEffect(
    () => () =>
      queryClient.removeQueries({
        queryKey: ticketKeys.ticket(ticketId),
        predicate: (query) => query.meta?.audited === true,
      }),
    [queryClient, ticketId],
  );
  return {
    reveal,
    /** As it is now, with the protected fields as they were when they were looked at. */
    ticket: live && withProtected(live, revealed),
    /** What was looked at is no longer how it is. */
    isOld: Boolean(live?.redacted && revealed && Number(live.version) > Number(revealed.version)),
    revealed,
    /** Reads it, which is audited. Rejects with the API's refusal. */
    async view(reason: string): Promise<void> {
      await queryClient.fetchQuery({ ...ticketQuery(ticketId, reason), staleTime: 0, retry: false });
      setReveal((before) => ({ reason, serial: before.serial + 1 }));
    },
    hide() {
      setReveal((before) => ({ reason: undefined, serial: before.serial + 1 }));
      queryClient.removeQueries({
        queryKey: ticketKeys.ticket(ticketId),
        predicate: (query) => query.meta?.audited === true,
      });
    },
  };
}

function withProtected(live: Ticket, revealed: Ticket | undefined): Ticket {
  if (!live.redacted || revealed === undefined) {
    return live;
  }
  const { description, resolutionSummary, metadata, redacted, redactedFields } = revealed;
  return { ...live, description, resolutionSummary, metadata, redacted, redactedFields };
}
