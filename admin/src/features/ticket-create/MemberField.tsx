import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useMember } from "@/api/members";
import type { MemberName, Role } from "@/api/schemas";
import { ROLES, STAFF_ROLES, wordOf } from "@/vocabulary/tickets";
import { useSettled } from "./terms";
import "./fields.css";

const TYPING_MS = 200;
const QUERY_MAX = 100;

export type MemberFieldProps = {
  id?: string;
  /** A user id. */
  value?: string | undefined;
  onChange?: (userId: string | undefined) => void;
  /** Only members of these roles. */
  roles?: readonly Role[];
  placeholder?: string;
  /** Its name, where no label of a form names it. */
  label?: string;
  disabled?: boolean;
};

/** A member of the staff, found by name or user id. For staff: others get no names. */
export function MemberField({
  id,
  value,
  onChange,
  roles = STAFF_ROLES,
  placeholder = "Name or user id",
  label,
  disabled = false,
}: MemberFieldProps) {
  const [typed, setTyped] = useState("");
  const [opened, setOpened] = useState(false);
  const query = useSettled(typed.trim().slice(0, QUERY_MAX), TYPING_MS);
  const chosen = useMember(value);
  const { data, isFetching, isError } = useQuery({
    queryKey: ["members", "lookup", query, roles],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/admin/members:lookup", {
          params: { query: { roles: [...roles], limit: 25, ...(query && { query }) } },
          signal,
        }),
      ),
    enabled: opened,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  const found = data?.members ?? [];
  const known = value && !found.some((each) => each.userId === value) ? [chosen ?? { userId: value }] : [];
  return (
    <Select
      {...(id && { id })}
      {...(label && { "aria-label": label })}
      value={value ?? null}
      onChange={(userId: string | undefined) => onChange?.(userId)}
      onOpenChange={(open) => setOpened((before) => before || open)}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      options={[...known, ...found].map((member) => ({
        value: member.userId ?? "",
        label: <bdi>{member.displayName || member.userId}</bdi>,
        member,
      }))}
      optionRender={({ data: { member } }) => <MemberOption {...member} />}
      notFoundContent={isError ? "The directory cannot be asked now." : isFetching ? "Looking…" : "Nobody found"}
      loading={isFetching}
      placeholder={placeholder}
      disabled={disabled}
      allowClear
      style={{ width: "100%" }}
    />
  );
}

function MemberOption({ userId, displayName, role, active }: MemberName) {
  return (
    <span className="member-option" title={userId}>
      <bdi>{displayName || userId}</bdi>
      <small>
        {wordOf(ROLES, role).label}
        {active === false && " · inactive"}
      </small>
    </span>
  );
}
