import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { callerQuery } from "@/api/caller";
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
createRoot(root).render(
  <StrictMode>
    <AppProviders queryClient={queryClient}>
      <RouterProvider router={router} />
    </AppProviders>
  </StrictMode>,
);
