import { useQuery } from "@tanstack/react-query";
import { Empty, Radio, Skeleton, theme } from "antd";
import { api, unwrap } from "@/api/client";
import type { OwnerSuggestion, Role } from "@/api/schemas";
import { ticketKeys } from "@/api/tickets";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";
import { MemberField } from "@/features/ticket-create/MemberField";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { ROLES, wordOf } from "@/vocabulary/tickets";
import { lengthOf, secondsOf } from "@/vocabulary/time";
import "./actions.css";

/** Nobody: the queue of the role. */
const QUEUE = "";

type OwnerPickerProps = {
  id?: string;
  /** A user id; empty or undefined is the role's queue. */
  value?: string | undefined;
  onChange?: (userId: string) => void;
  role: Role;
  ticketId: string;
  franchiseId?: string | undefined;
};

/** A role's queue, one of its people by how busy they are, or anybody else of the role found by name. */
export function OwnerPicker({ id, value = QUEUE, onChange, role, ticketId, franchiseId }: OwnerPickerProps) {
  const { token } = theme.useToken();
  const franchise = role === "ROLE_FRANCHISE_AGENT" ? franchiseId : undefined;
  const { data, isPending, error, refetch } = useQuery({
    queryKey: [...ticketKeys.ticket(ticketId), "owners", role, franchise ?? null],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/admin/tickets:suggestOwners", {
          params: { query: { role, ticketId, limit: 10, ...(franchise && { franchiseId: franchise }) } },
          signal,
        }),
      ),
  });
  const suggestions = data?.suggestions ?? [];
  const most = Math.max(1, ...suggestions.map(openCount));
  const among = value === QUEUE || suggestions.some(({ member }) => member?.userId === value);
  const roleWord = wordOf(ROLES, role).label;
  return (
    <div className="owner-picker" {...(id && { id })}>
      <Radio.Group
        aria-label="Owner"
        value={among ? value : null}
        onChange={({ target }) => onChange?.(target.value as string)}
        className="owner-picker-rows"
        style={{ borderColor: token.colorBorderSecondary, display: "block" }}
      >
        <Radio value={QUEUE} className="owner-row">
          <span className="owner-row-cells">
            <strong>{roleWord} queue</strong>
            <span className="owner-row-number" style={{ gridColumn: "2 / -1", color: token.colorTextDescription }}>
              no owner for now
            </span>
          </span>
        </Radio>
        {isPending &&
          [1, 2, 3].map((row) => (
            <div className="owner-row" key={row}>
              <Skeleton.Input active size="small" />
            </div>
          ))}
        {suggestions.map((suggestion, index) => (
          <OwnerRow key={suggestion.member?.userId} suggestion={suggestion} most={most} first={index === 0} />
        ))}
        {data && suggestions.length === 0 && (
          <Empty
            image={Empty.PRESENTED_IMAGE_SIMPLE}
            description={`Nobody else is active as ${roleWord}`}
            style={{ margin: "12px 0" }}
          />
        )}
      </Radio.Group>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} title="Suggestions cannot be shown" />}
      <MemberField
        key={role}
        value={among ? undefined : value}
        onChange={(userId) => onChange?.(userId ?? QUEUE)}
        roles={[role]}
        label={`Somebody else of the role: ${roleWord}`}
        placeholder={`Somebody else of the role: ${roleWord}`}
      />
    </div>
  );
}

function OwnerRow({ suggestion, most, first }: { suggestion: OwnerSuggestion; most: number; first: boolean }) {
  const { scheme } = useScheme();
  const { token } = theme.useToken();
  const { member = {}, averageResolutionTime } = suggestion;
  const open = openCount(suggestion);
  const average = averageResolutionTime ? lengthOf(secondsOf(averageResolutionTime)) : null;
  return (
    <Radio value={member.userId} className="owner-row">
      <span className="owner-row-cells">
        <span className="owner-row-name">
          <bdi title={member.userId}>{member.displayName || member.userId}</bdi>
          {first && <small style={{ color: TONES[scheme].success.text }}> · least loaded</small>}
        </span>
        <span className="owner-bar">
          <span className="owner-bar-track" style={{ background: token.colorFillSecondary }} aria-hidden>
            <span
              className="owner-bar-fill"
              style={{ width: `${(100 * open) / most}%`, background: token.colorPrimary }}
            />
          </span>
          <span className="owner-row-number">{open} open</span>
        </span>
        <span
          className="owner-row-number"
          style={{ color: token.colorTextDescription }}
          title="Average time to resolution, last 90 days"
        >
          {average === null ? "–" : `⌀ ${average}`}
        </span>
      </span>
    </Radio>
  );
}

function openCount({ openTicketCount }: OwnerSuggestion): number {
  return Number(openTicketCount ?? 0);
}
