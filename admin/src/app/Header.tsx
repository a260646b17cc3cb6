import { MenuOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Flex, Grid, Layout } from "antd";
import { lazy, Suspense } from "react";
import { NotificationBell } from "@/features/notifications/NotificationBell";
import { TicketSearchBox } from "@/features/ticket-filters/TicketSearchBox";
import { PartBoundary } from "@/ui/PartBoundary";
import { patiently } from "@/ui/patiently";
import { useDialog } from "./dialogs";
import { PersonMenu } from "./PersonMenu";

const TicketCreateModal = lazy(
  patiently(async () => ({
    default: (await import("@/features/ticket-create/TicketCreateModal")).TicketCreateModal,
  })),
);

/** Search, the button that makes a ticket, notifications, the person. */
export function Header({ onOpenMenu }: { onOpenMenu: (() => void) | undefined }) {
  const [creating, setCreating] = useDialog("create");
  const wide = Grid.useBreakpoint().md ?? true;
  return (
    <Layout.Header className="shell-header">
      <Flex align="center" gap={8} className="shell-header-row">
        {onOpenMenu && (
          <Button type="text" icon={<MenuOutlined aria-hidden />} aria-label="Open the menu" onClick={onOpenMenu} />
        )}
        <TicketSearchBox />
        <Flex align="center" gap={8} className="shell-header-actions">
          <Button
            type="primary"
            icon={<PlusOutlined aria-hidden />}
            onClick={() => setCreating(true)}
            aria-label="New ticket"
          >
            {wide ? "New ticket" : null}
          </Button>
          <NotificationBell />
          <PersonMenu />
        </Flex>
      </Flex>
      <PartBoundary floating>
        <Suspense fallback={null}>{creating && <TicketCreateModal open onClose={() => setCreating(false)} />}</Suspense>
      </PartBoundary>
    </Layout.Header>
  );
}
