import { Collapse, theme } from "antd";

/** How a receiver tells that a post came from here. */
export function SignatureHelp() {
  const { token } = theme.useToken();
  return (
    <Collapse
      size="small"
      items={[
        {
          key: "signatures",
          label: "How a receiver checks the signature",
          children: (
            <div className="webhook-help" style={{ color: token.colorTextSecondary }}>
              <p>
                Each post is signed as Standard Webhooks says. It carries <code>webhook-id</code> (the same at each try:
                drop repetitions by it), <code>webhook-timestamp</code> (seconds since 1970) and{" "}
                <code>webhook-signature</code>.
              </p>
              <ol>
                <li>
                  Join <code>{"{webhook-id}.{webhook-timestamp}.{body}"}</code>, with the body byte for byte as it came.
                </li>
                <li>
                  The key is the secret without <code>whsec_</code>, decoded from base64. Take the HMAC-SHA256, in
                  base64.
                </li>
                <li>
                  One of the signatures in the header, which stand with spaces between, has to be <code>v1,</code> and
                  that value. Compare in constant time. In the 24 hours after a rotation there are two.
                </li>
                <li>Refuse a timestamp that is more than five minutes off, either way.</li>
              </ol>
              <p>
                Code to copy, the body's fields and the times of the retries are in the repository, in
                docs/notifications.md, section “Webhooks”. Any 2xx answer takes an event; 410 turns the webhook off.
              </p>
            </div>
          ),
        },
      ]}
    />
  );
}
