import { Form, Input } from "antd";

/** The least that the API takes for a reason, in characters. */
export const REASON_MIN = 20;
/** The most that it takes for a change, and for looking at protected data. */
const REASON_MAX = 2000;
export const ACCESS_REASON_MAX = 500;

/** The reason of a change or of looking at protected data, which is kept in the audit. A field `reason` of a form. */
export function ReasonField({
  name = "reason",
  label = "Reason",
  required = true,
  placeholder = "Kept in the audit",
  max = REASON_MAX,
}: {
  name?: string;
  label?: string;
  required?: boolean;
  placeholder?: string;
  max?: number;
}) {
  return (
    <Form.Item
      name={name}
      label={label}
      validateTrigger="onBlur"
      rules={[
        { required, whitespace: true, message: "Say why." },
        { min: REASON_MIN, transform: (text?: string) => text?.trim(), message: `${REASON_MIN} characters at least.` },
      ]}
    >
      <Input.TextArea autoSize={{ minRows: 2, maxRows: 6 }} maxLength={max} showCount placeholder={placeholder} />
    </Form.Item>
  );
}
