import type { QueryClient } from "@tanstack/react-query";
import type { Ticket } from "@/api/schemas";
import { ticketChanged, ticketKeys } from "@/api/tickets";

const PROTECTED = ["description", "resolutionSummary", "metadata"] as const;

/**
 * Puts the answer of a change where the ticket is cached, and has the rest asked for again. The answer never has the
 * protected fields of a sensitive ticket: where a person has them on the screen they stay, with what was just given
 * instead, and are not read again, as that would be written down as another look.
 */
export function ticketAnswered(queryClient: QueryClient, answer: Ticket, given: Partial<Ticket> = {}): void {
  const id = answer.id ?? "";
  const key = [...ticketKeys.ticket(id), "ticket"];
  for (const [queryKey, cached] of queryClient.getQueriesData<Ticket>({ queryKey: key })) {
    if (cached === undefined || Number(cached.version ?? 0) > Number(answer.version ?? 0)) {
      continue;
    }
    const revealed = queryKey.at(-1) !== null && cached.redacted !== true;
    queryClient.setQueryData<Ticket>(queryKey, revealed ? unredacted(answer, cached, given) : answer);
  }
  ticketChanged(queryClient, id);
}

function unredacted(answer: Ticket, cached: Ticket, given: Partial<Ticket>): Ticket {
  const kept = { ...answer, redacted: false, redactedFields: [] as string[] };
  for (const field of PROTECTED) {
    if (answer.redacted) {
      Object.assign(kept, { [field]: field in given ? given[field] : cached[field] });
    }
  }
  return kept;
}
