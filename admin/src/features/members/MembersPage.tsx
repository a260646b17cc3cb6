import { LockOutlined, PlusOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { App, Button, Empty, Flex, Input, Result, Select, Skeleton } from "antd";
import { useState } from "react";
import { usePermission } from "@/api/caller";
import { newKey } from "@/api/client";
import { messageOf } from "@/api/errors";
import type { Member, Role } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormDrawer } from "@/ui/FormDialog";
import { PageHeader } from "@/ui/PageHeader";
import { ROLES, STAFF_ROLES, wordOf } from "@/vocabulary/tickets";
import { MemberForm } from "./MemberForm";
import { MembersTable } from "./MembersTable";
import { draftOf, memberOf } from "./memberDraft";
import { type MemberSearch, membersQuery, useSaveMember } from "./memberQueries";
import { useMemberSearch } from "./useMemberSearch";
import "./members.css";

const ROLE_OPTIONS = STAFF_ROLES.map((value) => ({ value, label: wordOf(ROLES, value).label }));

/** Who works here: who can own tickets, and where to reach them. */
export function MembersPage() {
  return usePermission("PERMISSION_MANAGE_DIRECTORY") ? (
    <Members />
  ) : (
    <Result icon={<LockOutlined aria-hidden />} title="Not for your role" subTitle="The directory is for admins." />
  );
}

function Members() {
  const [search, change] = useMemberSearch();
  const [edited, setEdited] = useState<Member | "new" | null>(null);
  const { message } = App.useApp();
  const {
    data,
    error,
    refetch,
    isPlaceholderData,
    hasNextPage,
    fetchNextPage,
    isFetchingNextPage,
    isFetchNextPageError,
  } = useInfiniteQuery(membersQuery(search));
  const setActive = useSetActive();
  const members = data?.pages.flatMap((page) => page.members ?? []) ?? [];
  const isFiltered = Boolean(search.query || search.franchiseId || search.roles.length || search.active !== undefined);
  const done = (saved: Member) => {
    setEdited(null);
    void message.success(`${saved.displayName} is saved.`);
  };
  return (
    <>
      <PageHeader
        title="Directory"
        lead="Who can own tickets, and where they are reached. Rights come from the identity provider, not from here."
        actions={
          <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setEdited("new")}>
            Add member
          </Button>
        }
      />
      <MemberFilters search={search} onChange={change} />
      {error !== null && !isFetchNextPageError && (
        <div style={{ marginBottom: 12 }}>
          <ErrorNotice error={error} title="The directory could not be loaded" onRetry={() => void refetch()} />
        </div>
      )}
      {data === undefined && error === null && <Skeleton active paragraph={{ rows: 10 }} />}
      {data !== undefined && members.length === 0 && (
        <Empty
          style={{ padding: "64px 0" }}
          description={isFiltered ? "Nobody is like that." : "Nobody is in the directory yet."}
        />
      )}
      {members.length > 0 && (
        <MembersTable members={members} loading={isPlaceholderData} onEdit={setEdited} onSetActive={setActive} />
      )}
      {hasNextPage && (
        <Flex vertical align="center" gap={8} style={{ padding: 16 }}>
          {isFetchNextPageError && <ErrorNotice error={error} title="More could not be loaded" />}
          <Button onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
            Load more
          </Button>
        </Flex>
      )}
      <FormDrawer
        open={edited !== null}
        onClose={() => setEdited(null)}
        size={460}
        destroyOnHidden
        title={edited === null || edited === "new" ? "Add a member" : <bdi>{edited.displayName}</bdi>}
      >
        {edited !== null && <MemberForm member={edited === "new" ? null : edited} onDone={done} />}
      </FormDrawer>
    </>
  );
}

function MemberFilters({ search, onChange }: { search: MemberSearch; onChange(change: Partial<MemberSearch>): void }) {
  return (
    <search className="members-filters">
      <Input.Search
        allowClear
        defaultValue={search.query}
        onSearch={(query) => onChange({ query: query.trim() })}
        maxLength={100}
        placeholder="Name or user id"
        aria-label="Find by name or user id"
      />
      <Select<Role[]>
        mode="multiple"
        allowClear
        value={[...search.roles]}
        onChange={(roles) => onChange({ roles })}
        options={ROLE_OPTIONS}
        placeholder="Any role"
        aria-label="Role"
        maxTagCount="responsive"
      />
      <Input
        allowClear
        defaultValue={search.franchiseId}
        onPressEnter={({ currentTarget }) => onChange({ franchiseId: currentTarget.value.trim() })}
        onBlur={({ target }) =>
          target.value.trim() !== search.franchiseId && onChange({ franchiseId: target.value.trim() })
        }
        onClear={() => onChange({ franchiseId: "" })}
        placeholder="Franchise, such as FR-001"
        aria-label="Franchise"
      />
      <Select
        value={search.active === undefined ? "both" : search.active ? "yes" : "no"}
        onChange={(which) => onChange({ active: which === "both" ? undefined : which === "yes" })}
        options={[
          { value: "both", label: "Active or not" },
          { value: "yes", label: "Active" },
          { value: "no", label: "Inactive" },
        ]}
        aria-label="Active or not"
      />
    </search>
  );
}

/** Asks, then turns a member on or off; all else stays. */
function useSetActive() {
  const { modal, message } = App.useApp();
  const save = useSaveMember();
  return (member: Member) => {
    const active = !member.active;
    modal.confirm({
      title: active ? `Activate ${member.displayName}?` : `Deactivate ${member.displayName}?`,
      content: active
        ? "They can own tickets again, and are told of them."
        : "They can be given no tickets and are told nothing. Tickets that they own stay theirs: give those to others.",
      okText: active ? "Activate" : "Deactivate",
      okButtonProps: { danger: !active },
      onOk: () =>
        save
          .mutateAsync({
            userId: member.userId ?? "",
            member: memberOf({ ...draftOf(member), active }),
            etag: member.etag ?? null,
            key: newKey(),
          })
          .catch((error: unknown) => void message.error(messageOf(error))),
    });
  };
}
