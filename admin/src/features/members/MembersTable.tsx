import { EditOutlined, MailOutlined, PhoneOutlined } from "@ant-design/icons";
import { Button, Flex, Table, type TableColumnsType, Tooltip, theme } from "antd";
import type { Member } from "@/api/schemas";
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

/** The staff. On narrow screens it scrolls sideways, and names stay. */
export function MembersTable({ members, loading, onEdit, onSetActive }: Props) {
  const { token } = theme.useToken();
  const quiet = { color: token.colorTextSecondary };
  const columns: TableColumnsType<Member> = [
    {
      title: "Name",
      key: "name",
      fixed: "start",
      width: 190,
      render: (_, member) => (
        <div className="member-name">
          <button
            type="button"
            className="member-link"
            style={{ color: token.colorLink }}
            onClick={() => onEdit(member)}
          >
            <bdi>{member.displayName}</bdi>
          </button>
          <span style={quiet}>{member.userId}</span>
        </div>
      ),
    },
    { title: "Role", dataIndex: "role", width: 150, render: (role: Member["role"]) => wordOf(ROLES, role).label },
    {
      title: "Franchises",
      dataIndex: "franchiseIds",
      width: 170,
      render: (ids: string[] | undefined) => <Franchises ids={ids ?? []} />,
    },
    {
      title: "Contact",
      key: "contact",
      width: 290,
      render: (_, { email, phone }) => (
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
          {!email && !phone && <span style={quiet}>In the app only</span>}
        </div>
      ),
    },
    {
      title: "Active",
      dataIndex: "active",
      width: 90,
      render: (active: boolean | undefined) => (
        <ToneTag tone={active ? "success" : "neutral"}>{active ? "Active" : "Inactive"}</ToneTag>
      ),
    },
    { title: "Changed", dataIndex: "updatedAt", width: 130, render: (at: string) => <TimeAgo at={at} /> },
    {
      title: <span className="visually-hidden">Actions</span>,
      key: "actions",
      width: 140,
      align: "end",
      render: (_, member) => (
        <Flex gap={4} justify="end">
          <Button
            size="small"
            type="text"
            aria-label={`${member.active ? "Deactivate" : "Activate"} ${member.displayName}`}
            onClick={() => onSetActive(member)}
          >
            {member.active ? "Deactivate" : "Activate"}
          </Button>
          <Tooltip title="Edit">
            <Button
              size="small"
              type="text"
              icon={<EditOutlined aria-hidden />}
              aria-label={`Edit ${member.displayName}`}
              onClick={() => onEdit(member)}
            />
          </Tooltip>
        </Flex>
      ),
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
      scroll={{ x: 1140 }}
      rowClassName={({ active }) => (active ? "" : "member-inactive")}
    />
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
