import { Button, Flex } from "antd";
import { useRouteError } from "react-router";
import { ErrorNotice } from "@/ui/ErrorNotice";

/** A view that could not be drawn: a chunk of an older build that is gone, or a defect. */
export function PageError() {
  return <FailedView error={useRouteError()} />;
}

/** The same of any error. */
export function FailedView({ error }: { error: unknown }) {
  return (
    <Flex vertical gap={16} style={{ maxWidth: 640, margin: "64px auto", padding: 16 }}>
      <ErrorNotice error={error} title="This page could not be shown" />
      <Button type="primary" onClick={() => window.location.reload()} style={{ alignSelf: "start" }}>
        Load it again
      </Button>
    </Flex>
  );
}
