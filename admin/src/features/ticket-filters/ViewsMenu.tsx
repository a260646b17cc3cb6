import { MoreOutlined, PlusOutlined, SyncOutlined, TeamOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, type MenuProps, Skeleton, Tooltip } from "antd";
import { useState } from "react";
import { useCaller } from "@/api/caller";
import { ApiError, messageOf } from "@/api/errors";
import type { SavedView } from "@/api/schemas";
import type { ListAddress } from "@/features/ticket-list/listAddress";
import { wholeFilter } from "@/features/ticket-list/listAddress";
import { orderOf } from "@/features/ticket-list/ticketOrders";
import { useListStyle } from "@/features/ticket-list/useListStyle";
import { ButtonMenu } from "@/ui/ButtonMenu";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { UserName } from "@/ui/UserName";
import { isSameFilter } from "./filterParams";
import { RenameViewModal } from "./RenameViewModal";
import { freshView, savedViewsQuery, useViewChanges, type ViewChange } from "./savedViewQueries";
import { type Conflict, ViewConflict } from "./ViewConflict";

/** One's own views and those that others share, and what may be done to them. */
export function ViewsMenu({
  address,
  onApply,
  onSave,
  onDeleted,
}: {
  address: ListAddress;
  onApply(view: SavedView): void;
  onSave(): void;
  onDeleted(view: SavedView): void;
}) {
  const { userId, role } = useCaller();
  const style = useListStyle();
  const { message, modal } = App.useApp();
  const queryClient = useQueryClient();
  const { data: views = [], isPending, error, refetch } = useQuery(savedViewsQuery);
  const { update, remove } = useViewChanges();
  const [renaming, setRenaming] = useState<SavedView>();
  const [conflict, setConflict] = useState<Conflict>();
  const mine = views.filter(({ ownerId }) => ownerId === userId);
  const shared = views.filter(({ ownerId }) => ownerId !== userId);

  const save = async (view: SavedView, change: ViewChange, done: string) => {
    try {
      await update.mutateAsync({ view, change });
      setConflict(undefined);
      void message.success(done);
    } catch (refusal) {
      if (!(refusal instanceof ApiError && refusal.isConflict)) {
        void message.error(messageOf(refusal));
        return;
      }
      const theirs = await freshView(queryClient, view.id ?? "");
      if (theirs === undefined) {
        void message.error("This view has been deleted meanwhile.");
      } else {
        setConflict({ before: view, theirs, change, done });
      }
    }
  };
  const confirmDelete = (view: SavedView) =>
    modal.confirm({
      title: `Delete the view “${view.name}”?`,
      content: view.isShared ? "Others use it too; it goes for them as well." : undefined,
      okText: "Delete",
      okButtonProps: { danger: true },
      onOk: async () => {
        try {
          await remove.mutateAsync(view);
          onDeleted(view);
        } catch (refusal) {
          const changed = refusal instanceof ApiError && refusal.isConflict;
          void message.error(
            changed ? "It was changed meanwhile. Look again before you delete it." : messageOf(refusal),
          );
          void refetch();
        }
      },
    });

  const itemsOf = (view: SavedView): MenuProps["items"] =>
    view.ownerId === userId
      ? [
          { key: "rename", label: "Rename…", onClick: () => setRenaming(view) },
          {
            key: "share",
            label: view.isShared ? "Stop sharing" : "Share with all staff",
            onClick: () =>
              void save(
                view,
                { isShared: !view.isShared },
                view.isShared ? "Only you see this view now" : "All staff can use this view now",
              ),
          },
          { key: "delete", label: "Delete…", danger: true, onClick: () => void confirmDelete(view) },
        ]
      : [{ key: "delete", label: "Delete…", danger: true, onClick: () => void confirmDelete(view) }];

  const current = mine.find(({ id }) => id === address.viewId);
  const filter = wholeFilter(address);
  const isChanged =
    current !== undefined &&
    !(isSameFilter(filter, current.filter ?? {}) && orderOf(current.orderBy) === address.order);
  const list = (title: string, of: readonly SavedView[]) =>
    of.length > 0 && (
      <>
        <h3>{title}</h3>
        <ul>
          {of.map((view) => (
            <li key={view.id}>
              <Button type="text" className="views-menu-name" onClick={() => onApply(view)}>
                <bdi>{view.name}</bdi>
                {view.isShared && view.ownerId === userId && (
                  <Tooltip title="Shared with all staff">
                    <TeamOutlined role="img" aria-label="Shared" />
                  </Tooltip>
                )}
                {view.ownerId !== userId && (
                  <small className="list-muted">
                    <UserName userId={view.ownerId} />
                  </small>
                )}
              </Button>
              {(view.ownerId === userId || role === "ROLE_ADMIN") && (
                <ButtonMenu menu={{ items: itemsOf(view) ?? [] }} placement="bottomRight">
                  <Button type="text" icon={<MoreOutlined aria-hidden />} aria-label={`Change the view ${view.name}`} />
                </ButtonMenu>
              )}
            </li>
          ))}
        </ul>
      </>
    );
  return (
    <div className="views-menu" style={style}>
      {isPending && <Skeleton active paragraph={{ rows: 2 }} title={false} />}
      {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!isPending && error === null && views.length === 0 && (
        <p className="list-muted">Filter the list, then save it here under a name.</p>
      )}
      {list("Mine", mine)}
      {list("Shared by others", shared)}
      <div className="views-menu-foot">
        {isChanged && (
          <Button
            type="link"
            icon={<SyncOutlined aria-hidden />}
            loading={update.isPending}
            onClick={() =>
              void save(current, { filter, orderBy: address.order }, "The view is what the list shows now")
            }
          >
            Update this view with what is shown
          </Button>
        )}
        <Button type="link" icon={<PlusOutlined aria-hidden />} onClick={onSave}>
          Save what is shown as a view
        </Button>
      </div>
      {renaming && (
        <RenameViewModal
          view={renaming}
          onClose={() => setRenaming(undefined)}
          onConflict={(change) => void save(renaming, change, "Renamed")}
        />
      )}
      {conflict && (
        <ViewConflict
          conflict={conflict}
          saving={update.isPending}
          onKeepTheirs={() => setConflict(undefined)}
          onKeepMine={() => void save(conflict.theirs, conflict.change, conflict.done)}
        />
      )}
    </div>
  );
}
