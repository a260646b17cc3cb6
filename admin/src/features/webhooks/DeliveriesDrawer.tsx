import { RedoOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { App, Button, Drawer, Empty, Flex, Select, Skeleton, Table, type TableColumnsType, theme } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { messageOf } from "@/api/errors";
import type { Schemas, Webhook } from "@/api/schemas";
import { ROUTES } from "@/app/routes";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { ToneTag } from "@/ui/StatusTag";
import { TimeAgo } from "@/ui/TimeAgo";
import { presentMs } from "@/vocabulary/clock";
import { optionsOf, type Tone, wordOf } from "@/vocabulary/tickets";
import { CopyButton } from "./CopyButton";
import { type DeliveryStatus, deliveriesQuery, useRedeliver } from "./webhookQueries";
import "./webhooks.css";

type Delivery = Schemas["WebhookDelivery"];

const STATUSES: Readonly<Record<Exclude<DeliveryStatus, `${string}_UNSPECIFIED`>, { label: string; tone: Tone }>> = {
  WEBHOOK_DELIVERY_STATUS_PENDING: { label: "On its way", tone: "progress" },
  WEBHOOK_DELIVERY_STATUS_DELIVERED: { label: "Delivered", tone: "success" },
  WEBHOOK_DELIVERY_STATUS_DEAD: { label: "Given up", tone: "danger" },
};

/** What was sent to a webhook and what became of it; what was given up can be sent again. */
export function DeliveriesDrawer({ webhook, onClose }: { webhook: Webhook | null; onClose(): void }) {
  return (
    <Drawer
      open={webhook !== null}
      onClose={onClose}
      size={920}
      destroyOnHidden
      title={
        <>
          Deliveries to <bdi>{webhook?.displayName}</bdi>
        </>
      }
    >
      {webhook !== null && <Deliveries webhookId={webhook.id ?? ""} />}
    </Drawer>
  );
}

function Deliveries({ webhookId }: { webhookId: string }) {
  const [statuses, setStatuses] = useState<DeliveryStatus[]>([]);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, isFetchNextPageError, isFetching } =
    useInfiniteQuery(deliveriesQuery(webhookId, statuses));
  const deliveries = data?.pages.flatMap((page) => page.deliveries ?? []) ?? [];
  return (
    <div className="webhook-stack">
      <Flex gap={8}>
        <Select<DeliveryStatus[]>
          mode="multiple"
          allowClear
          value={statuses}
          onChange={setStatuses}
          options={optionsOf(STATUSES)}
          placeholder="Any status"
          aria-label="Status"
          style={{ flex: "0 1 260px" }}
        />
        <Button onClick={() => void refetch()} loading={isFetching && !isFetchingNextPage}>
          Refresh
        </Button>
      </Flex>
      {error !== null && !isFetchNextPageError && (
        <ErrorNotice error={error} title="Deliveries could not be loaded" onRetry={() => void refetch()} />
      )}
      {data === undefined && error === null && <Skeleton active paragraph={{ rows: 8 }} />}
      {data !== undefined && deliveries.length === 0 && (
        <Empty
          description={statuses.length > 0 ? "No delivery is in that state." : "Nothing was sent in the last 30 days."}
        />
      )}
      {deliveries.length > 0 && <DeliveriesTable webhookId={webhookId} deliveries={deliveries} />}
      {hasNextPage && (
        <Flex justify="center">
          <Button onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
            Load more
          </Button>
        </Flex>
      )}
    </div>
  );
}

function DeliveriesTable({ webhookId, deliveries }: { webhookId: string; deliveries: readonly Delivery[] }) {
  const { token } = theme.useToken();
  const { message } = App.useApp();
  const redeliver = useRedeliver(webhookId);
  const quiet = { color: token.colorTextSecondary };
  const columns: TableColumnsType<Delivery> = [
    {
      title: "Event",
      key: "event",
      fixed: "start",
      width: 176,
      render: (_, { eventType, ticketId }) => (
        <div className="webhook-event">
          <span>{eventType}</span>
          {ticketId && <Link to={ROUTES.ticket(ticketId)}>{ticketId}</Link>}
        </div>
      ),
    },
    {
      title: "Status",
      dataIndex: "status",
      width: 108,
      render: (status: DeliveryStatus) => {
        const { label, tone } = wordOf(STATUSES, status);
        return <ToneTag tone={tone}>{label}</ToneTag>;
      },
    },
    {
      title: "Attempts",
      dataIndex: "attemptCount",
      width: 84,
      render: (count: number | undefined) => count ?? 0,
    },
    { title: "Last answer", key: "answer", width: 206, render: (_, delivery) => <LastAnswer delivery={delivery} /> },
    {
      title: "When",
      key: "when",
      width: 146,
      render: (_, { createdAt, nextAttemptAt, status }) => (
        <div className="webhook-event">
          <TimeAgo at={createdAt} />
          {status === "WEBHOOK_DELIVERY_STATUS_PENDING" && nextAttemptAt && (
            <span style={quiet}>
              {Date.parse(nextAttemptAt) > presentMs() ? (
                <>
                  next try <TimeAgo at={nextAttemptAt} />
                </>
              ) : (
                "next try is due"
              )}
            </span>
          )}
        </div>
      ),
    },
    {
      title: <span className="visually-hidden">Actions</span>,
      key: "actions",
      width: 112,
      align: "end",
      render: (_, { id = "", status, eventType }) =>
        status === "WEBHOOK_DELIVERY_STATUS_DEAD" && (
          <Button
            size="small"
            icon={<RedoOutlined aria-hidden />}
            loading={redeliver.isPending && redeliver.variables === id}
            aria-label={`Send again: ${eventType}`}
            onClick={() =>
              redeliver.mutate(id, {
                onSuccess: () => void message.success("It is on its way again."),
                onError: (refusal) => void message.error(messageOf(refusal)),
              })
            }
          >
            Send again
          </Button>
        ),
    },
  ];
  return (
    <Table<Delivery>
      size="small"
      rowKey="id"
      dataSource={[...deliveries]}
      columns={columns}
      pagination={false}
      scroll={{ x: 860 }}
      expandable={{
        expandedRowRender: ({ id = "" }) => (
          <Flex gap={8} align="center" wrap>
            <span style={quiet}>webhook-id</span> <code className="webhook-url">{id}</code>{" "}
            <CopyButton text={id} what="id" />
          </Flex>
        ),
      }}
    />
  );
}

function LastAnswer({ delivery: { lastResponseCode = 0, lastError, attemptCount = 0 } }: { delivery: Delivery }) {
  const { token } = theme.useToken();
  if (attemptCount === 0) {
    return <span style={{ color: token.colorTextSecondary }}>Not tried yet</span>;
  }
  return (
    <div className="webhook-event">
      <span>{lastResponseCode > 0 ? `HTTP ${lastResponseCode}` : "No answer"}</span>
      {lastError && <span style={{ color: token.colorTextSecondary }}>{lastError}</span>}
    </div>
  );
}
