import { InboxOutlined, LockOutlined } from "@ant-design/icons";
import { Link, useLocation } from "react-router";
import type { Schemas, Ticket } from "@/api/schemas";
import { ROUTES } from "@/app/routes";
import { HoverTip } from "@/ui/HoverTip";
import { ToneTag } from "@/ui/StatusTag";
import { LINKED_TYPES, wordOf } from "@/vocabulary/tickets";

type Segment = Schemas["HighlightSegment"];

/** Text with what a search found in it. */
export function Highlighted({ segments }: { segments: readonly Segment[] }) {
  return segments.map(({ text, isMatch }, index) =>
    isMatch ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other name, and never move.
      <mark key={index}>{text}</mark>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above.
      <span key={index}>{text}</span>
    ),
  );
}

/** The title, which leads to the ticket and keeps what the list shows; the found words and where else they stand. */
export function TitleCell({ ticket, found }: { ticket: Ticket; found: Schemas["SearchResult"] | undefined }) {
  const { search } = useLocation();
  const { titleHighlight = [], snippet = [] } = found ?? {};
  return (
    <div className="ticket-title">
      <span className="ticket-title-line">
        {ticket.isSensitive && <SensitiveMark />}
        <Link to={{ pathname: ROUTES.ticket(ticket.id ?? ""), search }} className="ticket-title-link" dir="auto">
          {titleHighlight.length > 0 ? <Highlighted segments={titleHighlight} /> : ticket.title}
        </Link>
        {ticket.archived && (
          <ToneTag tone="neutral" icon={<InboxOutlined aria-hidden />}>
            Archived
          </ToneTag>
        )}
      </span>
      {snippet.length > 0 && (
        <span className="ticket-snippet" dir="auto">
          <Highlighted segments={snippet} />
        </span>
      )}
    </div>
  );
}

function SensitiveMark() {
  return (
    <HoverTip title="Sensitive: protected fields are withheld">
      <span className="ticket-sensitive">
        <LockOutlined role="img" aria-label="Sensitive" />
      </span>
    </HoverTip>
  );
}

export function LinkedCell({ ticket: { linkedType, linkedId } }: { ticket: Ticket }) {
  if (!linkedId) {
    return <None />;
  }
  return (
    <span className="ticket-linked" title={`${wordOf(LINKED_TYPES, linkedType).label} ${linkedId}`}>
      <span className="ticket-linked-type">{wordOf(LINKED_TYPES, linkedType).label}</span> <bdi>{linkedId}</bdi>
    </span>
  );
}

const SHOWN_TAGS = 2;

export function TagsCell({ tags = [] }: { tags: readonly string[] | undefined }) {
  if (tags.length === 0) {
    return <None />;
  }
  const each = [...new Set(tags)];
  const [first, ...others] = each.slice(0, SHOWN_TAGS);
  const rest = each.slice(SHOWN_TAGS);
  return (
    <span className="ticket-tags">
      <Tag tag={first ?? ""} />
      {others.length > 0 && (
        <span className="ticket-tags-last">
          {others.map((tag) => (
            <Tag key={tag} tag={tag} />
          ))}
          {rest.length > 0 && (
            <HoverTip title={rest.join(", ")}>
              <span className="list-muted">+{rest.length}</span>
            </HoverTip>
          )}
        </span>
      )}
    </span>
  );
}

function Tag({ tag }: { tag: string }) {
  return (
    <bdi className="ticket-tag" title={tag}>
      {tag}
    </bdi>
  );
}

function None() {
  return (
    <span className="list-muted">
      <span aria-hidden>–</span>
      <span className="visually-hidden">None</span>
    </span>
  );
}
