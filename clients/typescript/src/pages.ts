/**
 * Yields the page that `request` asks for and all after it, each read when it is asked for.
 *
 *     for await (const page of iteratePages(client.tickets.listTickets, { pageSize: 200 })) { … }
 *
 * Pages are read at different times: a row that moves in the order meanwhile may be seen twice or
 * not at all.
 */
export async function* iteratePages<Request extends { pageToken?: string }, Page extends { nextPageToken: string }>(
  listPage: (request: Request) => Promise<Page>,
  request: Request,
): AsyncGenerator<Page, void, undefined> {
  let pageToken = request.pageToken ?? "";
  do {
    const page = await listPage({ ...request, pageToken });
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
