import { Alert, Button } from "antd";
import { useState } from "react";
import { usePermission } from "@/api/caller";
import type { Calendar, SlaPolicy } from "@/api/schemas";
import { PRIORITIES, wordOf } from "@/vocabulary/tickets";
import { PolicyCard } from "./PolicyCard";
import { PolicyEditor } from "./PolicyEditor";
import { ReapplyDialog } from "./ReapplyDialog";
import type { KnownPriority } from "./slaPolicies";

/** The policy of each priority, most urgent first. */
export function PoliciesTab({
  policies,
  calendars,
}: {
  policies: readonly SlaPolicy[];
  calendars: readonly Calendar[];
}) {
  const mayEdit = usePermission("PERMISSION_MANAGE_SLA_POLICIES");
  const mayReapply = usePermission("PERMISSION_BULK_UPDATE_TICKETS");
  const [edited, setEdited] = useState<SlaPolicy | null>(null);
  const [saved, setSaved] = useState<SlaPolicy | null>(null);
  const [reapplied, setReapplied] = useState<KnownPriority | null>(null);
  return (
    <div className="policy-notices">
      {saved && (
        <Alert
          type="success"
          showIcon
          closable={{ onClose: () => setSaved(null) }}
          title={`New tickets of ${wordOf(PRIORITIES, saved.priority).label} priority take version ${saved.version}`}
          description="Open tickets keep the version they have until it is re-applied to them."
          action={
            mayReapply && (
              <Button size="small" onClick={() => setReapplied(saved.priority as KnownPriority)}>
                Re-apply…
              </Button>
            )
          }
        />
      )}
      <div className="policy-cards">
        {[...policies].reverse().map((policy) => (
          <PolicyCard
            key={policy.priority}
            policy={policy}
            calendars={calendars}
            onEdit={mayEdit ? () => setEdited(policy) : undefined}
            onReapply={mayReapply ? () => setReapplied(policy.priority as KnownPriority) : undefined}
          />
        ))}
      </div>
      {edited && (
        <PolicyEditor
          policy={edited}
          calendars={calendars}
          onClose={() => setEdited(null)}
          onSaved={(policy) => {
            setEdited(null);
            setSaved(policy);
          }}
        />
      )}
      {reapplied && <ReapplyDialog priority={reapplied} onClose={() => setReapplied(null)} />}
    </div>
  );
}
