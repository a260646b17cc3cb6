/** Answers of the API for stories and tests of the list. */
import { delay, HttpResponse, http } from "msw";
import type { Schemas, Ticket } from "@/api/schemas";
import { savedViewFixtures } from "@/fixtures/savedViews";
import { ticketFixtures } from "@/fixtures/tickets";

type ListRequest = Schemas["ListTicketsRequest"];
type SearchRequest = Schemas["SearchTicketsRequest"];

export function listAnswers(tickets: readonly Ticket[], total: { totalSize: string; totalSizeCapped?: boolean }) {
  return http.post("*/admin/tickets\\:list", async ({ request }) => {
    const { pageSize = 25, pageToken = "0", includeTotal } = (await request.json()) as ListRequest;
    const start = Number(pageToken);
    const end = start + pageSize;
    return HttpResponse.json({
      tickets: tickets.slice(start, end),
      ...(end < tickets.length && { nextPageToken: String(end) }),
      ...(includeTotal && total),
    });
  });
}

export const listRefuses = http.post("*/admin/tickets\\:list", () =>
  HttpResponse.json({ code: 13, message: "Something went wrong here. It has been noted." }, { status: 500 }),
);

export const listIsSlow = http.post("*/admin/tickets\\:list", async () => {
  await delay("infinite");
  return new HttpResponse();
});

/** Finds the fixtures whose title has one of the words. */
export const searchAnswers = http.post("*/admin/tickets\\:search", async ({ request }) => {
  const { query, includeTotal } = (await request.json()) as SearchRequest;
  const words = query.toLowerCase().split(/\s+/);
  const found = ticketFixtures.filter(({ title = "" }) => words.some((word) => title.toLowerCase().includes(word)));
  return HttpResponse.json({
    results: found.map((ticket) => ({
      ticket,
      rank: 0.5,
      titleHighlight: highlighted(ticket.title ?? "", words),
      snippet: highlighted(ticket.isSensitive ? "" : (ticket.description ?? "").slice(0, 180), words),
    })),
    ...(includeTotal && { totalSize: String(found.length) }),
  });
});

function highlighted(text: string, words: readonly string[]): Schemas["HighlightSegment"][] {
  return text
    .split(/(\s+)/)
    .filter(Boolean)
    .map((part) => ({ text: part, isMatch: words.includes(part.toLowerCase()) }));
}

export const savedViewAnswers = http.get("*/admin/saved-views", () =>
  HttpResponse.json({ savedViews: savedViewFixtures }),
);

export const listHandlers = {
  list: listAnswers(ticketFixtures, { totalSize: String(ticketFixtures.length) }),
  search: searchAnswers,
  views: savedViewAnswers,
};
