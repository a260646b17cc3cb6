import type { TermSuggestion } from "@/api/schemas";
import "./fields.css";

/** A suggestion in a list: the term, and how many tickets have it. */
export function TermOption({ term, ticketCount }: TermSuggestion) {
  return (
    <span className="term-option">
      <bdi>{term}</bdi>
      {(ticketCount ?? 0) > 0 && (
        <small>
          {ticketCount} {ticketCount === 1 ? "ticket" : "tickets"}
        </small>
      )}
    </span>
  );
}
