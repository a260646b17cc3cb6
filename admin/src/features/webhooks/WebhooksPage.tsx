import { LockOutlined, PlusOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Empty, Result, Skeleton } from "antd";
import { useState } from "react";
import { usePermission } from "@/api/caller";
import type { Webhook } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormDrawer } from "@/ui/FormDialog";
import { PageHeader } from "@/ui/PageHeader";
import { DeliveriesDrawer } from "./DeliveriesDrawer";
import { SecretModal } from "./SecretModal";
import { SignatureHelp } from "./SignatureHelp";
import { WebhookCard } from "./WebhookCard";
import { WebhookForm } from "./WebhookForm";
import { webhooksQuery } from "./webhookQueries";
import "./webhooks.css";

/** Other systems that are told of ticket events. */
export function WebhooksPage() {
  return usePermission("PERMISSION_MANAGE_WEBHOOKS") ? (
    <Webhooks />
  ) : (
    <Result icon={<LockOutlined aria-hidden />} title="Not for your role" subTitle="Webhooks are for admins." />
  );
}

function Webhooks() {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(webhooksQuery);
  const [edited, setEdited] = useState<Webhook | "new" | null>(null);
  const [watched, setWatched] = useState<Webhook | null>(null);
  const [secret, setSecret] = useState<{ secret: string; isRotated: boolean } | null>(null);
  const webhooks = data?.pages.flatMap((page) => page.webhooks ?? []) ?? [];
  const done = (saved: Webhook | null) => {
    setEdited(null);
    if (saved?.secret) {
      setSecret({ secret: saved.secret, isRotated: false });
    }
  };
  return (
    <div className="reading-page">
      <PageHeader
        title="Webhooks"
        lead="Ticket events, posted to other systems as signed JSON. Each arrives at least once, in no promised order."
        actions={
          <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setEdited("new")}>
            New webhook
          </Button>
        }
      />
      <div className="webhook-stack">
        {error !== null && (
          <ErrorNotice error={error} title="Webhooks could not be loaded" onRetry={() => void refetch()} />
        )}
        {data === undefined && error === null && <Skeleton active paragraph={{ rows: 8 }} />}
        {data !== undefined && webhooks.length === 0 && (
          <Empty style={{ padding: "48px 0" }} description="No other system is told of tickets yet." />
        )}
        {webhooks.length > 0 && (
          <ul className="webhook-list" aria-label="Webhooks">
            {webhooks.map((webhook) => (
              <WebhookCard
                key={webhook.id}
                webhook={webhook}
                onEdit={() => setEdited(webhook)}
                onDeliveries={() => setWatched(webhook)}
                onSecret={(rotated) => setSecret({ secret: rotated, isRotated: true })}
              />
            ))}
          </ul>
        )}
        {hasNextPage && (
          <Button onClick={() => void fetchNextPage()} loading={isFetchingNextPage} style={{ alignSelf: "center" }}>
            Load more
          </Button>
        )}
        <SignatureHelp />
      </div>
      <FormDrawer
        open={edited !== null}
        onClose={() => setEdited(null)}
        size={520}
        destroyOnHidden
        title={edited === null || edited === "new" ? "New webhook" : <bdi>{edited.displayName}</bdi>}
      >
        {edited !== null && <WebhookForm webhook={edited === "new" ? null : edited} onDone={done} />}
      </FormDrawer>
      <DeliveriesDrawer webhook={watched} onClose={() => setWatched(null)} />
      {secret !== null && <SecretModal {...secret} onClose={() => setSecret(null)} />}
    </div>
  );
}
