import { Link, useLocation } from "react-router";
import { ROUTES } from "@/app/routes";
import { textParts } from "./textLinks";

/**
 * Plain text whose addresses and ticket numbers can be followed. An address is shown as it is written, and leads to a
 * page of its own that learns nothing of this one. No text around it can turn a link's direction.
 */
export function LinkedText({ text }: { text: string }) {
  const { search } = useLocation();
  let at = 0;
  return textParts(text).map((part) => {
    const key = at;
    at += part.text.length;
    if (part.kind === "text") {
      return part.text;
    }
    return part.kind === "address" ? (
      <a key={key} href={part.href} target="_blank" rel="noopener noreferrer">
        <bdi dir="ltr">{part.text}</bdi>
      </a>
    ) : (
      <Link key={key} to={{ pathname: ROUTES.ticket(part.id), search }}>
        <bdi dir="ltr">{part.text}</bdi>
      </Link>
    );
  });
}
