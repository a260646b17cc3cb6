import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, unwrap } from "@/api/client";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { PersonMenu } from "./PersonMenu";
import { SamePerson } from "./SamePerson";
import { leave, tellOtherTabs } from "./session";

vi.mock("./session", async (original) => ({
  ...(await original<typeof import("./session")>()),
  leave: vi.fn(),
  tellOtherTabs: vi.fn(),
}));

beforeEach(() => vi.clearAllMocks());

function answerAs(caller: object): void {
  server.use(http.get("*/admin/me", () => HttpResponse.json(caller)));
}

describe("when the session has become another one", () => {
  it("clears what was shown to the person before, and says who is logged in", async () => {
    const { queryClient } = renderView(
      <SamePerson>
        <p>Aadhaar card of a shipper</p>
      </SamePerson>,
    );
    await screen.findByText("Aadhaar card of a shipper");
    expect(tellOtherTabs).toHaveBeenCalled();
    queryClient.setQueryData(["ticket", "TKT-1"], { title: "seen" });
    answerAs({ userId: "farid", role: "ROLE_FRANCHISE_AGENT", displayName: "Farid Khan" });
    window.dispatchEvent(new Event("focus"));
    expect(await screen.findByText("This browser is now logged in as Farid Khan")).toBeInTheDocument();
    expect(screen.queryByText("Aadhaar card of a shipper")).toBeNull();
    await waitFor(() => expect(queryClient.getQueryData(["ticket", "TKT-1"])).toBeUndefined());
  });

  it("learns it from the refusal of what is done for the person before", async () => {
    const { queryClient } = renderView(
      <SamePerson>
        <p>a list</p>
      </SamePerson>,
    );
    await screen.findByText("a list");
    answerAs({ userId: "farid", role: "ROLE_FRANCHISE_AGENT", displayName: "Farid Khan" });
    const callers: (string | null)[] = [];
    server.use(
      http.post("*/admin/tickets/TKT-1/messages", ({ request }) => {
        callers.push(request.headers.get("Tickets-Caller"));
        const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "SESSION_CHANGED" };
        return HttpResponse.json({ code: 9, message: "Nothing was done.", details: [info] }, { status: 400 });
      }),
    );
    const path = { ticketId: "TKT-1" };
    const sent = unwrap(api.POST("/admin/tickets/{ticketId}/messages", { params: { path }, body: { message: "Hi" } }));
    await expect(sent).rejects.toThrow("Nothing was done.");
    expect(callers).toEqual(["asha"]);
    expect(await screen.findByText("This browser is now logged in as Farid Khan")).toBeInTheDocument();
    expect(queryClient.getQueryData(["caller"])).toMatchObject({ userId: "farid" });
  });

  it("leaves alone who is the same, under a new name too", async () => {
    const { queryClient } = renderView(
      <SamePerson>
        <p>a list</p>
      </SamePerson>,
    );
    await screen.findByText("a list");
    answerAs({ userId: "asha", role: "ROLE_ADMIN", displayName: "Asha R." });
    document.dispatchEvent(new Event("visibilitychange"));
    await waitFor(() => expect(queryClient.getQueryData(["caller"])).toMatchObject({ displayName: "Asha R." }));
    expect(screen.getByText("a list")).toBeInTheDocument();
  });
});

describe("logging out", () => {
  async function logOut() {
    sessionStorage.setItem("tickets.draft.asha.TKT-1", '{"text":"not sent"}');
    localStorage.setItem("tickets.recent-searches.asha", '["fraud"]');
    localStorage.setItem("tickets.color-scheme", "dark");
    renderView(<PersonMenu />);
    await userEvent.click(await screen.findByRole("button", { name: "You are Asha Rao" }));
    await userEvent.click(await screen.findByText("Log out"));
  }

  it("forgets what the person wrote and searched for, and keeps how they like the page", async () => {
    server.use(http.delete("*/session", () => new HttpResponse(null, { status: 204 })));
    await logOut();
    await waitFor(() => expect(leave).toHaveBeenCalledWith());
    expect(sessionStorage.length).toBe(0);
    expect(Object.keys(localStorage)).toEqual(["tickets.color-scheme"]);
  });

  it("that did not succeed says so", async () => {
    server.use(http.delete("*/session", () => new HttpResponse("<h1>Bad gateway</h1>", { status: 502 })));
    await logOut();
    expect(
      await screen.findByText(/You are still logged in\. The service answered with status 502/),
    ).toBeInTheDocument();
    expect(leave).not.toHaveBeenCalled();
    expect(sessionStorage.length).toBe(1);
  });
});
