import { Alert } from "antd";
import type { Difference } from "./ticketDifferences";
import "./actions.css";

const SHOWN_CHARACTERS = 160;

/** Somebody else changed the ticket while the dialog was open: what, from what, to what. */
export function ConflictNotice({ changed }: { changed: readonly Difference[] }) {
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title="The ticket has changed since you opened this"
      description={
        <>
          {changed.length > 0 && (
            <table className="conflict-table">
              <thead>
                <tr>
                  <th scope="col">What</th>
                  <th scope="col">Before</th>
                  <th scope="col">Now</th>
                </tr>
              </thead>
              <tbody>
                {changed.map(({ field, before, now }) => (
                  <tr key={field}>
                    <th scope="row">{field}</th>
                    <td>
                      <bdi>{cut(before)}</bdi>
                    </td>
                    <td>
                      <strong>
                        <bdi>{cut(now)}</bdi>
                      </strong>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <div>Nothing of yours was saved yet. If it still holds, confirm again.</div>
        </>
      }
    />
  );
}

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
