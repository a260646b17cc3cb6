import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { UploadNews } from "./UploadNews";
import type { Upload, UploadState } from "./useUploads";

function uploads(...states: UploadState[]): Upload[] {
  return states.map((state, key) => ({ key: String(key), state }) as unknown as Upload);
}

it("tells that files are sent, and when all have come to an end, nothing of the steps between", () => {
  const { rerender } = render(<UploadNews uploads={[]} />);
  const status = screen.getByRole("status");
  expect(status).toBeEmptyDOMElement();
  rerender(<UploadNews uploads={uploads("waiting", "hashing")} />);
  expect(status).toHaveTextContent("Files are on their way");
  rerender(<UploadNews uploads={uploads("done", "sending")} />);
  expect(status).toHaveTextContent("Files are on their way");
  rerender(<UploadNews uploads={uploads("done", "done", "failed")} />);
  expect(status).toHaveTextContent("2 files attached, 1 file not attached");
  rerender(<UploadNews uploads={uploads("done")} />);
  expect(status).toHaveTextContent("1 file attached");
});
