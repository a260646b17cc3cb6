import { useQuery } from "@tanstack/react-query";
import type { TicketFilter } from "@/api/schemas";
import { totalQuery } from "./listQueries";

const NUMBER = new Intl.NumberFormat("en-IN");

/** "1,284 tickets"; counted once the rows are there, so that they do not wait for it. */
export function TotalCount({
  filter,
  query,
  known,
  ready,
}: {
  filter: TicketFilter;
  query: string;
  /** The number where the rows tell it: they are all there are. */
  known: number | undefined;
  ready: boolean;
}) {
  const { data } = useQuery({ ...totalQuery(filter, query), enabled: ready && known === undefined });
  const total = known === undefined ? data : { count: known, capped: false };
  return (
    <span className="tickets-total" role="status">
      {ready && total ? totalWords(total) : "\u00a0"}
    </span>
  );
}

function totalWords({ count, capped }: { count: number; capped: boolean }): string {
  return `${NUMBER.format(count)}${capped ? "+" : ""} ${count === 1 && !capped ? "ticket" : "tickets"}`;
}
