import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { callerQuery } from "@/api/caller";
import { ApiError, Unreachable } from "@/api/errors";
import { AppProviders } from "@/app/Providers";
import { createQueryClient } from "@/app/queryClient";
import { router } from "@/app/router";
import { ROUTES } from "@/app/routes";
import { prefetchList } from "@/features/ticket-list/listQueries";

const root = document.getElementById("root");
if (root === null) {
  throw new Error("index.html has no #root");
}
const queryClient = createQueryClient();
// Asked while the view's code is still on its way; who asks first is told of a refusal by the shell.
void queryClient.prefetchQuery(callerQuery);
if (window.location.pathname.startsWith(ROUTES.tickets)) {
  void prefetchList(queryClient, window.location.search);
}
createRoot(root, {
  // Refusals and a service that is away are told on the page; whatever else a boundary has caught is a defect.
  onCaughtError: (error) => {
    if (!(error instanceof ApiError || error instanceof Unreachable)) {
      reportError(error);
    }
  },
}).render(
  <StrictMode>
    <AppProviders queryClient={queryClient}>
      <RouterProvider router={router} />
    </AppProviders>
  </StrictMode>,
);
