import type { Decorator, Preview } from "@storybook/react-vite";
import { QueryClient } from "@tanstack/react-query";
import { ConfigProvider } from "antd";
import { Suspense, useEffect, useState } from "react";
import { MemoryRouter, Route, Routes } from "react-router";
import { AppProviders } from "../src/app/Providers";
import { FIXED_NOW } from "../src/fixtures/now";
import { answerCalls } from "./api";
import { stopClock } from "./clock";

declare global {
  /** For the run over all stories (tests/stories.spec.ts): whether the shown one has its code and all answers. */
  var storyIsComplete: (() => boolean) | undefined;
}

stopClock(FIXED_NOW);

/**
 * Draws a story as a view of the app. `parameters.route` is the address it stands at, `parameters.routePath` the
 * pattern of it where the view reads parameters.
 */
const inTheApp: Decorator = (Story, { globals, parameters }) => (
  <Surroundings
    key={globals.scheme}
    colorScheme={globals.scheme === "dark" ? "dark" : "light"}
    route={parameters.route ?? "/admin/tickets"}
    routePath={parameters.routePath ?? "*"}
    story={<Story />}
  />
);

function Surroundings({
  colorScheme,
  route,
  routePath,
  story,
}: {
  colorScheme: "light" | "dark";
  route: string;
  routePath: string;
  story: React.ReactNode;
}) {
  // Refusals are shown at once, and what one story has read is nothing to the next.
  const [queryClient] = useState(() => new QueryClient({ defaultOptions: { queries: { retry: false } } }));
  return (
    <AppProviders queryClient={queryClient} colorScheme={colorScheme}>
      <ConfigProvider theme={{ token: { motion: false } }}>
        <MemoryRouter initialEntries={[route]}>
          <Suspense fallback={null}>
            <Routes>
              <Route path={routePath} element={story} />
            </Routes>
            <Completeness queryClient={queryClient} />
          </Suspense>
        </MemoryRouter>
      </ConfigProvider>
    </AppProviders>
  );
}

function Completeness({ queryClient }: { queryClient: QueryClient }) {
  useEffect(() => {
    globalThis.storyIsComplete = () => queryClient.isFetching() + queryClient.isMutating() === 0;
    return () => {
      globalThis.storyIsComplete = undefined;
    };
  }, [queryClient]);
  return null;
}

const preview: Preview = {
  globalTypes: {
    scheme: {
      description: "Colour scheme",
      toolbar: {
        title: "Scheme",
        icon: "mirror",
        items: [
          { value: "light", title: "Light", icon: "sun" },
          { value: "dark", title: "Dark", icon: "moon" },
        ],
        dynamicTitle: true,
      },
    },
  },
  initialGlobals: { scheme: "light" },
  parameters: {
    layout: "padded",
    controls: { expanded: true },
    options: { storySort: { method: "alphabetical" } },
    // The page's own background, by scheme, is part of what is looked at.
    backgrounds: { disable: true },
  },
  loaders: [
    async ({ parameters }) => {
      for (const key of Object.keys(localStorage).filter((each) => each.startsWith("tickets."))) {
        localStorage.removeItem(key);
      }
      sessionStorage.clear();
      stopClock(parameters.now ?? FIXED_NOW);
      await answerCalls(parameters.msw?.handlers);
      return {};
    },
  ],
  decorators: [inTheApp],
};

export default preview;
