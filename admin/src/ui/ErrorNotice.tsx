import { Alert, Button } from "antd";
import { ApiError, messageOf } from "@/api/errors";

/** What went wrong, what to do, and the id under which operations find it in the logs. */
export function ErrorNotice({ error, onRetry, title }: { error: unknown; onRetry?: () => void; title?: string }) {
  const words = messageOf(error);
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={title ?? words}
      description={
        <>
          {title !== undefined && title !== words && <div>{words}</div>}
          {requestId !== null && <small>Request {requestId}</small>}
        </>
      }
      action={
        onRetry && (
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    />
  );
}
