import { Alert, Button } from "antd";
import { Component, type ReactNode } from "react";

const FLOATING = {
  position: "fixed",
  zIndex: 1100,
  top: 60,
  insetInlineEnd: 16,
  maxWidth: "min(480px, 90vw)",
} as const;

/**
 * Keeps what is around a part that could not be loaded or drawn: what one has typed there is not lost with it.
 * `floating` is for parts that have no place of their own, such as dialogs.
 */
export class PartBoundary extends Component<{ floating?: boolean; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) {
      return this.props.children;
    }
    return (
      <Alert
        type="error"
        showIcon
        role="alert"
        title="This part could not be loaded"
        description="The service cannot be reached, or there is a newer version. Send first what you have typed elsewhere."
        {...(this.props.floating && { style: FLOATING })}
        action={
          <Button size="small" onClick={() => window.location.reload()}>
            Load the page again
          </Button>
        }
      />
    );
  }
}
