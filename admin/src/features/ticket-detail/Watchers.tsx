import { BellOutlined, DeleteOutlined, MailOutlined, MobileOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Skeleton, Switch, Tooltip, theme } from "antd";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useCaller } from "@/api/caller";
import { api, newKey, once, unwrap } from "@/api/client";
import type { Schemas } from "@/api/schemas";
import { ticketActionsQuery, watchersQuery } from "@/api/tickets";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Flyout } from "@/ui/Flyout";
import { PartBoundary } from "@/ui/PartBoundary";
import { UserName } from "@/ui/UserName";

type Watcher = Schemas["Watcher"];
type Setting = Omit<Schemas["SetWatchRequest"], "requestId" | "ticketId">;
type Channel = "notifyEmail" | "notifyPush" | "notifySms";

const MemberField = lazy(async () => ({
  default: (await import("@/features/ticket-create/MemberField")).MemberField,
}));

const CHANNELS: readonly { channel: Channel; label: string; icon: ReactNode }[] = [
  { channel: "notifyEmail", label: "E-mail", icon: <MailOutlined aria-hidden /> },
  { channel: "notifyPush", label: "Push", icon: <BellOutlined aria-hidden /> },
  { channel: "notifySms", label: "SMS", icon: <MobileOutlined aria-hidden /> },
];

/** Who is told of changes, and how; one's own settings at once, others' where one may. */
export function Watchers({ ticketId }: { ticketId: string }) {
  const { userId } = useCaller();
  const { data, error, refetch } = useQuery(watchersQuery(ticketId));
  const { data: allowed } = useQuery(ticketActionsQuery(ticketId));
  const change = useWatchChange(ticketId);
  const maySet = allowed?.actions?.includes("TICKET_ACTION_SET_WATCHERS") ?? false;
  const mayWatch = allowed?.actions?.includes("TICKET_ACTION_WATCH") ?? false;
  if (data === undefined) {
    return error ? (
      <ErrorNotice error={error} onRetry={() => void refetch()} />
    ) : (
      <Skeleton active title={false} paragraph={{ rows: 2 }} />
    );
  }
  const watchers = data.watchers ?? [];
  const mine = watchers.find((each) => each.userId === userId);
  const others = watchers.filter((each) => each.userId !== userId);
  return (
    <div className="watchers">
      {change.error && <ErrorNotice error={change.error} title="The watchers were not changed" />}
      <ul>
        {mine && (
          <li>
            <span className="watcher-name">You</span>
            <span className="watcher-channels">
              {CHANNELS.map(({ channel, label }) => (
                // biome-ignore lint/a11y/noLabelWithoutControl: a Switch is a control
                <label key={channel}>
                  <Switch
                    size="small"
                    checked={mine[channel] ?? false}
                    onChange={(on) => change.mutate({ watching: true, [channel]: on })}
                    aria-label={`${label} for me`}
                  />{" "}
                  {label}
                </label>
              ))}
            </span>
          </li>
        )}
        {others.map((watcher) => (
          <Other
            key={watcher.userId}
            watcher={watcher}
            onRemove={maySet ? () => change.mutate({ userId: watcher.userId ?? "", watching: false }) : undefined}
          />
        ))}
      </ul>
      <div className="watchers-actions">
        {!mine && mayWatch && (
          <Button size="small" onClick={() => change.mutate({ watching: true })}>
            Watch
          </Button>
        )}
        {maySet && (
          <AddWatcher
            watching={watchers.map((each) => each.userId)}
            onAdd={(added) => change.mutate({ userId: added, watching: true })}
          />
        )}
        {watchers.length === 0 && !mayWatch && !maySet && <span>Nobody watches it.</span>}
        {data.nextPageToken && <span>The first 200 are shown.</span>}
      </div>
    </div>
  );
}

function Other({ watcher, onRemove }: { watcher: Watcher; onRemove: (() => void) | undefined }) {
  const { token } = theme.useToken();
  const on = CHANNELS.filter(({ channel }) => watcher[channel]);
  return (
    <li>
      <span className="watcher-name">
        <UserName userId={watcher.userId} />
      </span>
      <Tooltip title={on.length > 0 ? `Told by ${on.map(({ label }) => label).join(", ")}` : "Told in the app alone"}>
        <span className="watcher-icons" style={{ color: token.colorTextDescription }}>
          {on.map(({ channel, icon }) => (
            <span key={channel}>{icon}</span>
          ))}
          <span className="visually-hidden">{on.map(({ label }) => label).join(", ")}</span>
        </span>
      </Tooltip>
      {onRemove && (
        <Button
          type="text"
          size="small"
          icon={<DeleteOutlined aria-hidden />}
          aria-label={`Let ${watcher.userId} no longer watch`}
          onClick={onRemove}
        />
      )}
    </li>
  );
}

function AddWatcher({ watching, onAdd }: { watching: readonly (string | undefined)[]; onAdd(userId: string): void }) {
  const [open, setOpen] = useState(false);
  return (
    <Flyout
      label="Let somebody watch"
      open={open}
      onOpenChange={setOpen}
      placement="bottomLeft"
      title="Let somebody watch"
      content={
        <div className="watcher-add">
          <PartBoundary>
            <Suspense fallback={null}>
              <MemberField
                onChange={(userId) => {
                  if (userId) {
                    setOpen(false);
                    if (!watching.includes(userId)) {
                      onAdd(userId);
                    }
                  }
                }}
              />
            </Suspense>
          </PartBoundary>
          <small>Watching makes the ticket visible to them.</small>
        </div>
      }
    >
      <Button size="small" icon={<PlusOutlined aria-hidden />} aria-expanded={open} aria-haspopup="dialog">
        Add a watcher
      </Button>
    </Flyout>
  );
}

/** Shown as done at once, and taken back when it is refused. */
function useWatchChange(ticketId: string) {
  const queryClient = useQueryClient();
  const { userId: me } = useCaller();
  const { queryKey } = watchersQuery(ticketId);
  return useMutation({
    mutationFn: (setting: Setting) =>
      unwrap(
        api.POST("/admin/tickets/{ticketId}/watch", {
          params: { path: { ticketId }, header: once(newKey()) },
          body: setting,
        }),
      ),
    async onMutate(setting) {
      await queryClient.cancelQueries({ queryKey });
      const before = queryClient.getQueryData(queryKey);
      const userId = setting.userId || me;
      queryClient.setQueryData(queryKey, (data) => {
        const watchers = data?.watchers ?? [];
        const former = watchers.find((each) => each.userId === userId);
        const rest = watchers.filter((each) => each.userId !== userId);
        const next = { notifyEmail: true, notifyPush: true, ...former, ...setting, ticketId, userId: userId ?? "" };
        return {
          ...data,
          watchers:
            setting.watching === false
              ? rest
              : former
                ? watchers.map((each) => (each === former ? next : each))
                : [...rest, next],
        };
      });
      return { before };
    },
    onError(_error, _setting, context) {
      queryClient.setQueryData(queryKey, context?.before);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey }),
  });
}
