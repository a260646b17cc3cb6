import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  CloseOutlined,
  FullscreenExitOutlined,
  FullscreenOutlined,
  InboxOutlined,
  LockOutlined,
} from "@ant-design/icons";
import { Button, Skeleton, Typography } from "antd";
import type { ReactNode } from "react";
import type { Ticket } from "@/api/schemas";
import { TicketSLAIndicator } from "@/features/sla/TicketSLAIndicator";
import { ButtonTip } from "@/ui/ButtonTip";
import { PriorityTag, StatusTag, ToneTag } from "@/ui/StatusTag";
import { useFolding } from "./useFolding";

/** Which ticket it is and how it stands, and the ways out of the panel. */
export function PanelHeader({
  ticketId,
  ticket,
  isWaiting,
  isFull,
  onFull,
  onPrevious,
  onNext,
  onClose,
}: {
  ticketId: string;
  ticket: Ticket | undefined;
  /** It is on its way. */
  isWaiting: boolean;
  isFull: boolean;
  /** Left out where the panel fills the screen anyway. */
  onFull: (() => void) | undefined;
  onPrevious: (() => void) | undefined;
  onNext: (() => void) | undefined;
  onClose(): void;
}) {
  return (
    <div className="panel-header">
      <div className="panel-header-row">
        <Typography.Text className="panel-id" copyable={{ text: ticketId, tooltips: ["Copy the id", "Copied"] }}>
          {ticketId}
        </Typography.Text>
        <span className="panel-space" />
        {(onPrevious || onNext) && (
          <>
            <IconButton label="Previous ticket" icon={<ArrowUpOutlined aria-hidden />} onClick={onPrevious} />
            <IconButton label="Next ticket" icon={<ArrowDownOutlined aria-hidden />} onClick={onNext} />
          </>
        )}
        {onFull && (
          <IconButton
            label={isFull ? "Back to a panel" : "Open in full width"}
            icon={isFull ? <FullscreenExitOutlined aria-hidden /> : <FullscreenOutlined aria-hidden />}
            onClick={onFull}
          />
        )}
        <IconButton label="Close" icon={<CloseOutlined aria-hidden />} onClick={onClose} />
      </div>
      {ticket?.id ? (
        <>
          <PanelTitle key={ticketId} title={ticket.title ?? ""} />
          <div className="panel-marks">
            <StatusTag status={ticket.status} />
            <PriorityTag priority={ticket.priority} />
            {ticket.isSensitive && (
              <ToneTag tone="waiting" icon={<LockOutlined aria-hidden />}>
                Sensitive
              </ToneTag>
            )}
            {ticket.archived && (
              <ToneTag tone="neutral" icon={<InboxOutlined aria-hidden />}>
                Archived
              </ToneTag>
            )}
          </div>
          {onFull && (
            <div className="panel-sla">
              <TicketSLAIndicator ticket={ticket} variant="bar" />
            </div>
          )}
        </>
      ) : (
        isWaiting && <Skeleton active title={{ width: "70%" }} paragraph={{ rows: 1, width: "40%" }} />
      )}
    </div>
  );
}

/** A long title is folded, so that it leaves room for the ticket. */
function PanelTitle({ title }: { title: string }) {
  const { ref, open, isLong, toggle } = useFolding<HTMLHeadingElement>();
  return (
    <div className="panel-title-block">
      <h2 ref={ref} className={open ? "panel-title panel-title-open" : "panel-title"} dir="auto">
        {title}
      </h2>
      {isLong && (
        <Button type="link" size="small" className="fold-button" aria-expanded={open} onClick={toggle}>
          {open ? "Show less of the title" : "Show the whole title"}
        </Button>
      )}
    </div>
  );
}

function IconButton({ label, icon, onClick }: { label: string; icon: ReactNode; onClick: (() => void) | undefined }) {
  return (
    <ButtonTip title={label} mouseEnterDelay={0.4}>
      <Button
        type="text"
        size="small"
        icon={icon}
        aria-label={label}
        disabled={onClick === undefined}
        onClick={() => onClick?.()}
      />
    </ButtonTip>
  );
}
