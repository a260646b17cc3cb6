import { Alert, Button } from "antd";
import { ApiError, messageOf } from "@/api/errors";

/** What went wrong, what to do, and the id under which operations find it in the logs. */
export function ErrorNotice({
  error,
  onRetry,
  title,
  words = messageOf(error),
}: {
  error: unknown;
  onRetry?: () => void;
  /** What did not succeed; else what went wrong stands in its place. */
  title?: string;
  /** What went wrong, where more is known of it than the error says. */
  words?: string;
}) {
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={title ?? words}
      description={
        <>
          {title !== undefined && <div>{words}</div>}
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
