import { DeleteOutlined, EditOutlined, KeyOutlined, MoreOutlined } from "@ant-design/icons";
import { App, Button, Flex, Switch, theme } from "antd";
import { newKey } from "@/api/client";
import { messageOf } from "@/api/errors";
import type { Webhook } from "@/api/schemas";
import { ButtonMenu } from "@/ui/ButtonMenu";
import { TimeAgo } from "@/ui/TimeAgo";
import { filterWords } from "@/vocabulary/filterWords";
import { useWebhookChanges } from "./webhookQueries";

type Props = { webhook: Webhook; onEdit(): void; onDeliveries(): void; onSecret(secret: string): void };

/** One webhook: where to, what, on or off, and what may be done with it. */
export function WebhookCard({ webhook, onEdit, onDeliveries, onSecret }: Props) {
  const { token } = theme.useToken();
  const { modal, message } = App.useApp();
  const { update, remove } = useWebhookChanges();
  const quiet = { color: token.colorTextSecondary };
  const { displayName, url, eventTypes = [], filter, updatedAt } = webhook;
  const enabled = webhook.enabled ?? false;
  const tell = (error: unknown) => void message.error(messageOf(error));
  const setEnabled = (on: boolean) =>
    update.mutate({ webhook: { ...webhook, enabled: on }, mask: ["enabled"], key: newKey() }, { onError: tell });
  const rotate = () =>
    modal.confirm({
      title: "Make a new signing secret?",
      content:
        "For 24 hours posts are signed with both, so that the receiver can change its secret at any time in that day.",
      okText: "Make a new one",
      onOk: () =>
        update
          .mutateAsync({ webhook, mask: [], rotateSecret: true, key: newKey() })
          .then(({ secret }) => secret && onSecret(secret), tell),
    });
  const askToDelete = () =>
    modal.confirm({
      title: `Delete “${displayName}”?`,
      content: "Its deliveries go with it; those under way may still arrive. This cannot be undone.",
      okText: "Delete it",
      okButtonProps: { danger: true },
      onOk: () => remove.mutateAsync(webhook).catch(tell),
    });
  const phrases = filterWords(filter);
  return (
    <li
      className="webhook-card"
      style={{ borderColor: token.colorBorderSecondary, background: token.colorBgContainer }}
    >
      <Flex justify="space-between" align="start" gap={12}>
        <h2 className="webhook-name">
          <bdi>{displayName}</bdi>
        </h2>
        <Flex align="center" gap={8} flex="none">
          <span style={quiet}>{enabled ? "On" : "Off"}</span>
          <Switch
            checked={enabled}
            loading={update.isPending}
            onChange={setEnabled}
            aria-label={`${displayName} is enabled`}
          />
          <ButtonMenu
            menu={{
              items: [
                { key: "edit", icon: <EditOutlined aria-hidden />, label: "Edit" },
                { key: "rotate", icon: <KeyOutlined aria-hidden />, label: "Rotate the secret" },
                { type: "divider" },
                { key: "delete", icon: <DeleteOutlined aria-hidden />, label: "Delete", danger: true },
              ],
              onClick: ({ key }) => (key === "edit" ? onEdit() : key === "rotate" ? rotate() : askToDelete()),
            }}
          >
            <Button type="text" icon={<MoreOutlined aria-hidden />} aria-label={`More for ${displayName}`} />
          </ButtonMenu>
        </Flex>
      </Flex>
      <code className="webhook-url" style={quiet}>
        {url}
      </code>
      <dl className="webhook-facts">
        <div>
          <dt style={quiet}>Events</dt>
          <dd>{eventTypes.length === 0 ? "All" : eventTypes.join(", ")}</dd>
        </div>
        <div>
          <dt style={quiet}>Tickets</dt>
          <dd>
            {filter === undefined
              ? "All, archived ones too"
              : phrases.length === 0
                ? "All that are not archived"
                : phrases.join(" · ")}
          </dd>
        </div>
      </dl>
      <Flex justify="space-between" align="center" gap={12} wrap>
        <Button size="small" onClick={onDeliveries}>
          Deliveries
        </Button>
        <span style={{ ...quiet, fontSize: 13 }}>
          changed <TimeAgo at={updatedAt} />
        </span>
      </Flex>
    </li>
  );
}
