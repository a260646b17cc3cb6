import { EditOutlined, MailOutlined, PhoneOutlined } from "@ant-design/icons";
import { Button, Flex, Table, type TableColumnsType, Tooltip, theme } from "antd";
import type { Member } from "@/api/schemas";
import { useListStyle } from "@/features/ticket-list/useListStyle";
import { useNarrow } from "@/features/ticket-list/useNarrow";
import { ButtonTip } from "@/ui/ButtonTip";
import { ToneTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { ROLES, wordOf } from "@/vocabulary/tickets";
import "./members.css";

const SHOWN_FRANCHISES = 3;

type Props = {
  members: readonly Member[];
  loading: boolean;
  onEdit(member: Member): void;
  onSetActive(member: Member): void;
};

/** The staff: a table, or cards where there is no room for one. */
export function MembersTable(props: Props) {
  return (
    <div className="members-frame" style={useListStyle()}>
      {useNarrow() ? <MemberCards {...props} /> : <MemberRows {...props} />}
    </div>
  );
}

function MemberRows({ members, loading, onEdit, onSetActive }: Props) {
  const columns: TableColumnsType<Member> = [
    {
      title: "Name",
      key: "name",
      width: 190,
      render: (_, member) => <Name member={member} onEdit={onEdit} />,
    },
    { title: "Role", dataIndex: "role", width: 142, render: (role: Member["role"]) => wordOf(ROLES, role).label },
    {
      title: "Franchises",
      dataIndex: "franchiseIds",
      width: 146,
      render: (ids: string[] | undefined) => <Franchises ids={ids ?? []} />,
    },
    { title: "Contact", key: "contact", width: 258, render: (_, member) => <Contact member={member} /> },
    { title: "Active", dataIndex: "active", width: 86, render: (active?: boolean) => <ActiveTag active={active} /> },
    { title: "Changed", dataIndex: "updatedAt", width: 96, render: (at: string) => <TimeAgo at={at} short /> },
    {
      title: <span className="visually-hidden">Actions</span>,
      key: "actions",
      width: 126,
      align: "end",
      render: (_, member) => <Actions member={member} onEdit={onEdit} onSetActive={onSetActive} />,
    },
  ];
  return (
    <Table<Member>
      aria-label="Members"
      size="small"
      rowKey="userId"
      dataSource={[...members]}
      columns={columns}
      loading={loading}
      pagination={false}
      scroll={{ x: 1044 }}
      rowClassName={({ active }) => (active ? "" : "member-inactive")}
    />
  );
}

function MemberCards({ members, loading, onEdit, onSetActive }: Props) {
  const { token } = theme.useToken();
  return (
    <ul className="member-cards" aria-label="Members" aria-busy={loading} inert={loading}>
      {members.map((member) => (
        <li key={member.userId} className="member-card">
          <div className="member-card-line">
            <Name member={member} onEdit={onEdit} />
            <ActiveTag active={member.active} />
          </div>
          <div>
            {wordOf(ROLES, member.role).label}
            {(member.franchiseIds?.length ?? 0) > 0 && (
              <>
                <span style={{ color: token.colorTextDescription }}> · </span>
                <Franchises ids={member.franchiseIds ?? []} />
              </>
            )}
          </div>
          <div className="member-card-line member-card-foot">
            <Contact member={member} />
            <Actions member={member} onEdit={onEdit} onSetActive={onSetActive} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function Name({ member, onEdit }: Pick<Props, "onEdit"> & { member: Member }) {
  const { token } = theme.useToken();
  return (
    <div className="member-name">
      <button type="button" className="member-link" onClick={() => onEdit(member)}>
        <bdi>{member.displayName}</bdi>
      </button>
      <span style={{ color: token.colorTextTertiary }}>{member.userId}</span>
    </div>
  );
}

function Contact({ member: { email, phone } }: { member: Member }) {
  const { token } = theme.useToken();
  return (
    <div className="member-contact">
      {email && (
        <a href={`mailto:${encodeURIComponent(email)}`}>
          <MailOutlined aria-hidden /> <span>{email}</span>
        </a>
      )}
      {phone && (
        <a href={`tel:${phone}`}>
          <PhoneOutlined aria-hidden /> <span>{phone}</span>
        </a>
      )}
      {!email && !phone && <span style={{ color: token.colorTextSecondary }}>In the app only</span>}
    </div>
  );
}

function ActiveTag({ active }: { active: boolean | undefined }) {
  return <ToneTag tone={active ? "success" : "neutral"}>{active ? "Active" : "Inactive"}</ToneTag>;
}

function Actions({ member, onEdit, onSetActive }: Pick<Props, "onEdit" | "onSetActive"> & { member: Member }) {
  const size = useNarrow() ? "medium" : "small";
  return (
    <Flex gap={4} justify="end">
      <Button
        size={size}
        type="text"
        aria-label={`${member.active ? "Deactivate" : "Activate"} ${member.displayName}`}
        onClick={() => onSetActive(member)}
      >
        {member.active ? "Deactivate" : "Activate"}
      </Button>
      <ButtonTip title="Edit">
        <Button
          size={size}
          type="text"
          icon={<EditOutlined aria-hidden />}
          aria-label={`Edit ${member.displayName}`}
          onClick={() => onEdit(member)}
        />
      </ButtonTip>
    </Flex>
  );
}

function Franchises({ ids }: { ids: readonly string[] }) {
  const { token } = theme.useToken();
  const quiet = { color: token.colorTextSecondary };
  if (ids.length === 0) {
    return <span style={quiet}>None</span>;
  }
  const more = ids.length - SHOWN_FRANCHISES;
  return (
    <Tooltip title={more > 0 ? ids.join(", ") : undefined}>
      <span>
        {ids.slice(0, SHOWN_FRANCHISES).join(", ")}
        {more > 0 && <span style={quiet}> and {more} more</span>}
      </span>
    </Tooltip>
  );
}
