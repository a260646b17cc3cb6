import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey, once } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Ticket } from "@/api/schemas";
import { ticketQuery } from "@/api/tickets";
import { ticketAnswered } from "./ticketAnswer";
import { type Difference, differences } from "./ticketDifferences";

/** Headers of a change that happens once, and only to the ticket as the person saw it. */
export type ChangeHeaders = { "Idempotency-Key": string; "If-Match": string };

/**
 * A change of the ticket as it was when the dialog opened. When somebody else was faster, nothing is changed: the ticket
 * is read again and `differences` tells what is not as it was, so that sending again is a decision made anew.
 */
export function useTicketChange<Values>(
  ticket: Ticket,
  send: (values: Values, headers: ChangeHeaders, base: Ticket) => Promise<Ticket>,
  onDone: (answer: Ticket, values: Values) => void,
) {
  const queryClient = useQueryClient();
  const id = ticket.id ?? "";
  const [base, setBase] = useState(ticket);
  const [key, setKey] = useState(newKey);
  const [changed, setChanged] = useState<Difference[] | null>(null);
  const mutation = useMutation({
    mutationFn: (values: Values) => send(values, { ...once(key), "If-Match": base.etag || "*" }, base),
    onSuccess(answer, values) {
      setKey(newKey());
      setChanged(null);
      ticketAnswered(queryClient, answer);
      onDone(answer, values);
    },
    async onError(error) {
      if (!(error instanceof ApiError && error.isConflict)) {
        return;
      }
      const fresh = await queryClient.fetchQuery({ ...ticketQuery(id), staleTime: 0 }).catch(() => null);
      if (fresh) {
        setKey(newKey());
        setChanged(differences(base, fresh));
        setBase(fresh);
      }
    },
  });
  const conflict = mutation.error instanceof ApiError && mutation.error.isConflict;
  return {
    /** The ticket that the next attempt depends on. */
    base,
    submit: mutation.mutate,
    busy: mutation.isPending,
    /** Null unless somebody else changed the ticket; empty when what they changed is not shown. */
    changed,
    /** A refusal that is not such a conflict, or one after which the ticket could not be read again. */
    error: conflict && changed !== null ? null : mutation.error,
  };
}
