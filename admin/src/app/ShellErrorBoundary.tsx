import { QueryErrorResetBoundary } from "@tanstack/react-query";
import { Flex } from "antd";
import { Component, type ReactNode } from "react";
import { ApiError } from "@/api/errors";
import { ErrorNotice } from "@/ui/ErrorNotice";

type Props = { children: ReactNode };

/** Shown when it cannot be found out who is logged in. Who is not is on the way to the login. */
export function ShellErrorBoundary({ children }: Props) {
  return (
    <QueryErrorResetBoundary>{({ reset }) => <Boundary reset={reset}>{children}</Boundary>}</QueryErrorResetBoundary>
  );
}

class Boundary extends Component<Props & { reset(): void }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) {
      return this.props.children;
    }
    if (error instanceof ApiError && error.isUnauthenticated) {
      return null;
    }
    const retry = () => {
      this.props.reset();
      this.setState({ error: null });
    };
    return (
      <Flex vertical style={{ maxWidth: 640, margin: "64px auto", padding: 16 }}>
        <ErrorNotice error={error} title="Rodistaa Tickets cannot be shown now" onRetry={retry} />
      </Flex>
    );
  }
}
