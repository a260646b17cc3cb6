import { PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Empty } from "antd";
import { useState } from "react";
import { usePermission } from "@/api/caller";
import type { Calendar, SlaPolicy } from "@/api/schemas";
import { CalendarCard } from "./CalendarCard";
import { CalendarEditor } from "./CalendarEditor";

/** The calendars that policies count in. */
export function CalendarsTab({
  policies,
  calendars,
}: {
  policies: readonly SlaPolicy[];
  calendars: readonly Calendar[];
}) {
  const mayEdit = usePermission("PERMISSION_MANAGE_SLA_POLICIES");
  const [edited, setEdited] = useState<Calendar | "new" | null>(null);
  const [saved, setSaved] = useState<Calendar | null>(null);
  const isUsed = saved !== null && policies.some(({ calendarId }) => calendarId === saved.id);
  return (
    <div className="policy-notices">
      {saved && (
        <Alert
          type="success"
          showIcon
          closable={{ onClose: () => setSaved(null) }}
          title={`${saved.displayName} is saved as version ${saved.version}`}
          description={
            isUsed
              ? "The policies that count in it have a new version too. Open tickets keep theirs until it is re-applied to them."
              : "No policy counts in it yet: choose it in a policy."
          }
        />
      )}
      {mayEdit && (
        <Button icon={<PlusOutlined aria-hidden />} className="policy-new" onClick={() => setEdited("new")}>
          New calendar
        </Button>
      )}
      {calendars.length === 0 ? (
        <Empty
          image={Empty.PRESENTED_IMAGE_SIMPLE}
          description="There is no calendar: all policies count round the clock."
        />
      ) : (
        <div className="policy-cards">
          {calendars.map((calendar) => (
            <CalendarCard
              key={calendar.id}
              calendar={calendar}
              policies={policies}
              onEdit={mayEdit ? () => setEdited(calendar) : undefined}
            />
          ))}
        </div>
      )}
      {edited && (
        <CalendarEditor
          calendar={edited === "new" ? null : edited}
          takenIds={calendars.map(({ id }) => id ?? "")}
          onClose={() => setEdited(null)}
          onSaved={(calendar) => {
            setEdited(null);
            setSaved(calendar);
          }}
        />
      )}
    </div>
  );
}
