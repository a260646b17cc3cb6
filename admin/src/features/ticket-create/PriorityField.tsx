import { useQuery } from "@tanstack/react-query";
import { Radio, theme } from "antd";
import { usePermission } from "@/api/caller";
import { api, unwrap } from "@/api/client";
import type { SlaPolicy, TicketPriority } from "@/api/schemas";
import { PriorityTag } from "@/ui/StatusTag";
import { optionsOf, PRIORITIES } from "@/vocabulary/tickets";
import { lengthOf } from "@/vocabulary/time";
import "./fields.css";

type PriorityFieldProps = {
  id?: string;
  value?: TicketPriority | undefined;
  onChange?: (value: TicketPriority) => void;
};

/** How soon a ticket has to be solved; staff see what the policies promise for each. */
export function PriorityField({ id, value, onChange }: PriorityFieldProps) {
  const { token } = theme.useToken();
  const isStaff = usePermission("PERMISSION_STAFF");
  const { data } = useQuery({
    queryKey: ["sla-policies", "by-priority"],
    queryFn: ({ signal }) => unwrap(api.GET("/admin/sla-policies", { signal })),
    enabled: isStaff,
    staleTime: 5 * 60_000,
    retry: false,
  });
  return (
    <Radio.Group
      {...(id && { id })}
      aria-label="Priority"
      value={value}
      onChange={({ target }) => onChange?.(target.value as TicketPriority)}
      className="priority-field"
    >
      {optionsOf(PRIORITIES).map(({ value: priority }) => (
        <Radio.Button key={priority} value={priority} className="priority-choice">
          <PriorityTag priority={priority} />
          {isStaff && (
            <small style={{ color: token.colorTextDescription }}>
              {promiseOf(data?.slaPolicies?.find((policy) => policy.priority === priority))}
            </small>
          )}
        </Radio.Button>
      ))}
    </Radio.Group>
  );
}

function promiseOf(policy: SlaPolicy | undefined): string {
  if (policy === undefined) {
    return "–";
  }
  const [response, resolution] = [policy.responseTimeMinutes ?? 0, policy.resolutionTimeMinutes ?? 0];
  // A narrow choice breaks between the two promises, not within one.
  return [`answer ${lengthOf(response * 60)} ·`, `solve ${lengthOf(resolution * 60)}`]
    .map((promise) => promise.replaceAll(" ", "\u00a0"))
    .join(" ");
}
