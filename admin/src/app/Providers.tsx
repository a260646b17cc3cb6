import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App, ConfigProvider } from "antd";
import enGB from "antd/locale/en_GB";
import type { ReactNode } from "react";
import { useReducedMotion } from "./reducedMotion";
import { SchemeProvider, useScheme } from "./scheme";
import { type ColorScheme, themeOf } from "./theme";
import "./app.css";

/** What every view stands in, stories and tests included: queries, theme, messages. A router goes around or inside. */
export function AppProviders({
  queryClient,
  colorScheme,
  children,
}: {
  queryClient: QueryClient;
  /** Fixes the scheme; left out, it is the person's choice. */
  colorScheme?: ColorScheme | undefined;
  children: ReactNode;
}) {
  return (
    <QueryClientProvider client={queryClient}>
      <SchemeProvider fixed={colorScheme}>
        <Themed>{children}</Themed>
      </SchemeProvider>
    </QueryClientProvider>
  );
}

function Themed({ children }: { children: ReactNode }) {
  const { scheme } = useScheme();
  const isStill = useReducedMotion();
  return (
    <ConfigProvider
      theme={themeOf(scheme, { isStill })}
      locale={enGB}
      componentSize="medium"
      variant="outlined"
      drawer={{ closable: { placement: "end" } }}
      form={{ scrollToFirstError: { block: "center", focus: true } }}
    >
      <App component={false} message={{ maxCount: 3 }}>
        {children}
      </App>
    </ConfigProvider>
  );
}
