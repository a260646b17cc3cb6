import { EyeInvisibleOutlined, FileSearchOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Drawer, Grid, Result } from "antd";
import { useEffect, useState } from "react";
import { ApiError } from "@/api/errors";
import { ticketKeys, ticketQuery } from "@/api/tickets";
import { ConnectionNotice } from "@/ui/ConnectionNotice";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useTitle } from "@/ui/useTitle";
import { PanelHeader } from "./PanelHeader";
import { TicketDetail } from "./TicketDetail";
import { usePanelWidth } from "./usePanelWidth";
import "./ticket-detail.css";

/** One ticket, over the list: what it is, what was said and done, its files, its SLA, its audit. */
export function TicketDetailPanel({
  ticketId,
  onClose,
  onPrevious,
  onNext,
}: {
  ticketId: string;
  onClose(): void;
  /** Left out at the ends of the list. */
  onPrevious?: (() => void) | undefined;
  onNext?: (() => void) | undefined;
}) {
  const screens = Grid.useBreakpoint();
  const isPhone = screens.md === false;
  const { width, full, resize, toggleFull } = usePanelWidth();
  const isFull = full && !isPhone;
  return (
    <Drawer
      open
      placement="right"
      size={isPhone || isFull ? "100%" : width}
      {...(!isPhone && !isFull && { resizable: { onResize: resize }, maxSize: window.innerWidth })}
      mask={screens.xl !== true || isFull}
      onClose={onClose}
      closable={false}
      title={null}
      aria-label={`Ticket ${ticketId}`}
      rootClassName="ticket-panel"
      styles={{ body: { padding: 0, display: "flex", flexDirection: "column", overflow: "hidden" } }}
    >
      {(isPhone || isFull) && <ConnectionNotice />}
      <Content
        key={ticketId}
        ticketId={ticketId}
        isFull={isFull}
        onFull={isPhone ? undefined : toggleFull}
        onClose={onClose}
        onPrevious={onPrevious}
        onNext={onNext}
      />
    </Drawer>
  );
}

type ContentProps = {
  ticketId: string;
  isFull: boolean;
  onFull: (() => void) | undefined;
  onClose(): void;
  onPrevious: (() => void) | undefined;
  onNext: (() => void) | undefined;
};

function Content(props: ContentProps) {
  const { ticketId, onClose } = props;
  const queryClient = useQueryClient();
  const { data: ticket, error, refetch } = useQuery(ticketQuery(ticketId));
  const [isLost, setLost] = useState(false);
  // What is asked for is the number alone: a bad request is one that no ticket can have.
  const isNoNumber = ticket === undefined && error instanceof ApiError && error.status === 400;
  const isGone = isLost || isNoNumber || (error instanceof ApiError && error.status === 404);
  const wasSeen = isLost || ticket !== undefined;

  useEffect(() => {
    if (isGone && wasSeen) {
      queryClient.removeQueries({
        queryKey: ticketKeys.ticket(ticketId),
        predicate: (query) => query.queryKey[2] !== "ticket" || query.meta?.audited === true,
      });
    }
  }, [isGone, wasSeen, queryClient, ticketId]);
  useTitle(isGone || !ticket ? ticketId : `${ticketId} · ${ticket.title}`);

  if (isGone) {
    return (
      <>
        <PanelHeader {...props} ticket={undefined} isWaiting={false} />
        <Result
          icon={wasSeen ? <EyeInvisibleOutlined aria-hidden /> : <FileSearchOutlined aria-hidden />}
          title={wasSeen ? "You can no longer see this ticket" : "There is no such ticket"}
          subTitle={
            wasSeen
              ? "It has left your queue or your access has changed. What was shown has been cleared."
              : `${ticketId} does not exist, or you may not see it.`
          }
          extra={
            <>
              <Button type="primary" onClick={onClose}>
                Back to the list
              </Button>
              {!isNoNumber && (
                <Button
                  onClick={() => {
                    setLost(false);
                    void queryClient.resetQueries({ queryKey: ticketQuery(ticketId).queryKey });
                  }}
                >
                  Look again
                </Button>
              )}
            </>
          }
        />
      </>
    );
  }
  return (
    <>
      <PanelHeader {...props} ticket={ticket} isWaiting={!error} />
      {ticket ? (
        <TicketDetail ticket={ticket} readError={error} onRetry={() => void refetch()} onGone={() => setLost(true)} />
      ) : (
        <div className="panel-waiting">
          {error ? (
            <ErrorNotice error={error} title={`${ticketId} cannot be shown now`} onRetry={() => void refetch()} />
          ) : null}
        </div>
      )}
    </>
  );
}
