import {
  ApiOutlined,
  BarChartOutlined,
  BellOutlined,
  ClockCircleOutlined,
  DownloadOutlined,
  InboxOutlined,
  LeftOutlined,
  RightOutlined,
  TeamOutlined,
} from "@ant-design/icons";
import { Button, Drawer, Layout, Tooltip } from "antd";
import { useState } from "react";
import { Link, useLocation } from "react-router";
import { useCaller } from "@/api/caller";
import type { Permission } from "@/api/schemas";
import icon from "./icon.svg";
import { ROUTES } from "./routes";
import "./shell.css";

type Page = { to: string; label: string; icon: React.ReactNode; needs?: Permission };

const PAGES: readonly Page[] = [
  { to: ROUTES.tickets, label: "Tickets", icon: <InboxOutlined aria-hidden /> },
  { to: ROUTES.dashboard, label: "Dashboard", icon: <BarChartOutlined aria-hidden />, needs: "PERMISSION_STAFF" },
  { to: ROUTES.notifications, label: "Notifications", icon: <BellOutlined aria-hidden /> },
  { to: ROUTES.exports, label: "Exports", icon: <DownloadOutlined aria-hidden />, needs: "PERMISSION_EXPORT_TICKETS" },
  { to: ROUTES.sla, label: "SLA policies", icon: <ClockCircleOutlined aria-hidden />, needs: "PERMISSION_STAFF" },
  { to: ROUTES.members, label: "Directory", icon: <TeamOutlined aria-hidden />, needs: "PERMISSION_MANAGE_DIRECTORY" },
  { to: ROUTES.webhooks, label: "Webhooks", icon: <ApiOutlined aria-hidden />, needs: "PERMISSION_MANAGE_WEBHOOKS" },
];

/** The column at the left of wide screens. */
export function Navigation() {
  const [isNarrow, setNarrow] = useState(false);
  return (
    <Layout.Sider
      className="shell-sider"
      width={196}
      collapsedWidth={56}
      collapsed={isNarrow}
      onCollapse={setNarrow}
      collapsible
      trigger={null}
      breakpoint="xl"
      theme="light"
    >
      <Brand />
      <Pages isNarrow={isNarrow} />
      <Button
        type="text"
        block
        className="shell-narrow"
        icon={isNarrow ? <RightOutlined aria-hidden /> : <LeftOutlined aria-hidden />}
        aria-label="Show the names of the pages"
        aria-pressed={!isNarrow}
        onClick={() => setNarrow(!isNarrow)}
      />
    </Layout.Sider>
  );
}

/** The same for narrow screens, behind a button. */
export function NavigationDrawer({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Drawer
      open={open}
      onClose={onClose}
      placement="left"
      size={240}
      title={<Brand />}
      styles={{ body: { padding: 0 } }}
    >
      <Pages onPick={onClose} />
    </Drawer>
  );
}

function Brand() {
  return (
    <Link to={ROUTES.tickets} className="shell-brand">
      <img src={icon} alt="" width={26} height={26} />
      <span>Rodistaa Tickets</span>
    </Link>
  );
}

function Pages({ isNarrow = false, onPick }: { isNarrow?: boolean; onPick?: () => void }) {
  const permissions = useCaller().permissions ?? [];
  const { pathname } = useLocation();
  const shown = PAGES.filter(({ needs }) => needs === undefined || permissions.includes(needs));
  return (
    <nav aria-label="Pages">
      <ul className="shell-pages">
        {shown.map(({ to, label, icon }) => (
          <li key={to}>
            <Tooltip title={isNarrow ? label : undefined} placement="right">
              <Link
                to={to}
                className="shell-page"
                aria-current={pathname.startsWith(to) ? "page" : undefined}
                onClick={onPick}
              >
                <span aria-hidden>{icon}</span>
                <span className={isNarrow ? "visually-hidden" : undefined}>{label}</span>
              </Link>
            </Tooltip>
          </li>
        ))}
      </ul>
    </nav>
  );
}
