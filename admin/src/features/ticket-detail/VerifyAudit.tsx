import { SafetyCertificateOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, theme } from "antd";
import { api, unwrap } from "@/api/client";
import type { Schemas } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";

const FINDINGS: Readonly<Record<string, string>> = {
  AUDIT_FINDING_EDITED: "A row was edited",
  AUDIT_FINDING_REMOVED: "A row is missing",
  AUDIT_FINDING_REORDERED: "Rows are not in their order",
  AUDIT_FINDING_TRUNCATED: "Rows are missing at the end",
  AUDIT_FINDING_INSERTED: "There is a row too many",
};

/** Has the chain of hashes computed anew, and says what that found. */
export function VerifyAudit({ ticketId }: { ticketId: string }) {
  const { token } = theme.useToken();
  const check = useMutation({
    mutationFn: () => unwrap(api.GET("/admin/tickets/{ticketId}/audit:verify", { params: { path: { ticketId } } })),
  });
  return (
    <div className="audit-verify">
      <div className="audit-verify-bar">
        <span style={{ color: token.colorTextDescription }}>
          Each row carries a hash over itself and the row before it.
        </span>
        <Button
          icon={<SafetyCertificateOutlined aria-hidden />}
          loading={check.isPending}
          onClick={() => check.mutate()}
        >
          Verify
        </Button>
      </div>
      <div aria-live="polite">
        {check.data && <Result result={check.data} />}
        {check.error && <ErrorNotice error={check.error} title="It could not be verified" />}
      </div>
    </div>
  );
}

function Result({ result }: { result: Schemas["VerifyAuditResponse"] }) {
  const count = Number(result.entriesChecked ?? 0);
  const rows = count === 1 ? "1 entry" : `${count.toLocaleString("en-IN")} entries`;
  if (result.intact) {
    return <Alert type="success" showIcon title={`Intact: ${rows}`} />;
  }
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={`${FINDINGS[result.finding ?? ""] ?? "The chain is broken"}, at number ${result.firstBadChainNo}`}
      description={
        <>
          {result.detail} <small>Checked: {rows}.</small>
        </>
      }
    />
  );
}
