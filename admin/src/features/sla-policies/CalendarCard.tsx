import { EditOutlined } from "@ant-design/icons";
import { Button, Card } from "antd";
import type { Calendar, SlaPolicy } from "@/api/schemas";
import { TimeAgo } from "@/ui/TimeAgo";
import { PRIORITIES, wordOf } from "@/vocabulary/tickets";
import { calendarWords, draftOf } from "./calendarDraft";
import { OpenNow } from "./OpenNow";
import { WeekPicture } from "./WeekPicture";
import "./calendars.css";

/** A calendar as it is now, and which policies count in it. Without `onEdit` it is only read. */
export function CalendarCard({
  calendar,
  policies,
  onEdit,
}: {
  calendar: Calendar;
  policies: readonly SlaPolicy[];
  onEdit?: (() => void) | undefined;
}) {
  const name = calendar.displayName || calendar.id || "";
  const users = policies.filter(({ calendarId }) => calendarId === calendar.id);
  const holidays = calendar.holidays?.length ?? 0;
  return (
    <Card
      size="small"
      className="policy-card"
      title={
        <h2 className="policy-title">
          <bdi>{name}</bdi>
        </h2>
      }
      extra={
        onEdit && (
          <Button
            type="text"
            size="small"
            icon={<EditOutlined aria-hidden />}
            aria-label={`Edit the calendar ${name}`}
            onClick={onEdit}
          >
            Edit
          </Button>
        )
      }
    >
      <OpenNow hours={calendar} />
      <WeekPicture hours={calendar} />
      <dl className="policy-facts">
        <dt>Time zone</dt>
        <dd>{calendar.timeZone}</dd>
        <dt>Holidays</dt>
        <dd title={holidays > 0 ? calendarWords("holidays", draftOf(calendar)) : undefined}>{holidays || "None"}</dd>
        <dt>Used by</dt>
        <dd>{users.map(({ priority }) => wordOf(PRIORITIES, priority).label).join(", ") || "No policy"}</dd>
      </dl>
      <div className="policy-foot">
        <span>
          <code>{calendar.id}</code>, version {calendar.version ?? "1"}, <TimeAgo at={calendar.updatedAt} />
        </span>
      </div>
    </Card>
  );
}
