import { Form, Input } from "antd";
import { atLeast, lengthWords } from "./leastLength";
import "./ui.css";

/** The least that the API takes for a reason, in characters. */
export const REASON_MIN = 20;
/** The most that it takes for a change, and for looking at protected data. */
const REASON_MAX = 2000;
export const ACCESS_REASON_MAX = 500;

/** The reason of a change or of looking at protected data, which is kept in the audit. A field `reason` of a form. */
export function ReasonField({
  name = "reason",
  label = "Reason",
  placeholder = "Kept in the audit",
  max = REASON_MAX,
}: {
  name?: string;
  label?: string;
  placeholder?: string;
  max?: number;
}) {
  const form = Form.useFormInstance();
  const text: string = Form.useWatch(name, form) ?? "";
  // Told when one leaves the field; once told, it goes as soon as enough is written.
  const isRefused = (form?.getFieldError(name).length ?? 0) > 0;
  return (
    <Form.Item
      name={name}
      label={label}
      required
      validateTrigger={isRefused ? ["onBlur", "onChange"] : "onBlur"}
      rules={[atLeast(REASON_MIN, `Say why, in ${REASON_MIN} characters or more.`)]}
      extra={<span className="field-length">{lengthWords(text, REASON_MIN, max)}</span>}
    >
      <Input.TextArea autoSize={{ minRows: 2, maxRows: 6 }} maxLength={max} placeholder={placeholder} />
    </Form.Item>
  );
}
