import { CopyOutlined } from "@ant-design/icons";
import { App, Button } from "antd";

/** Puts a text into the clipboard. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const { message } = App.useApp();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      void message.success(`Copied the ${what}`);
    } catch {
      void message.error("The browser did not let it be copied. Select it, and copy it by hand.");
    }
  };
  return (
    <Button icon={<CopyOutlined aria-hidden />} onClick={() => void copy()}>
      Copy
    </Button>
  );
}
