import {
  CheckOutlined,
  DownOutlined,
  EllipsisOutlined,
  EyeFilled,
  EyeOutlined,
  MessageOutlined,
  RiseOutlined,
  UserSwitchOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, type MenuProps, Skeleton } from "antd";
import { useEffect, useRef, useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import type { Ticket, TicketStatus } from "@/api/schemas";
import { ticketActionsQuery } from "@/api/tickets";
import { ButtonMenu } from "@/ui/ButtonMenu";
import { ButtonTip } from "@/ui/ButtonTip";
import { STATUSES, wordOf } from "@/vocabulary/tickets";
import { ActionDialogs, type OpenDialog } from "./ActionDialogs";
import { dialogOf, type Offer, offerOf } from "./actionOffer";
import { useWatching } from "./useWatching";
import "./actions.css";

const LOADING = [{ key: "pending", label: "Loading…", disabled: true }];
const FAILED = [{ key: "again", label: "Not known now. Try again" }];

/** What the caller may do to a ticket as it is now, and nothing else. With "toolbar" the keys a, e, r and w work too. */
export function TicketQuickActions({
  ticket,
  layout,
  onMessage,
}: {
  ticket: Ticket;
  layout: "toolbar" | "menu";
  /** Leads to where one writes; without it no message is offered. */
  onMessage?: () => void;
}) {
  const id = ticket.id ?? "";
  // A menu in a row of a list asks when it is opened, not for every row.
  const [asked, setAsked] = useState(layout === "toolbar");
  const { data, isPending, isFetching, isError, refetch } = useQuery({ ...ticketActionsQuery(id), enabled: asked });
  const offer = offerOf(data);
  const watch = useWatching(id, offer.watch);
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const [open, setOpen] = useState(false);
  const begin = (next: OpenDialog) => {
    setDialog(next);
    setOpen(true);
  };
  const keys = { enabled: layout === "toolbar" && !open, preventDefault: true, ignoreEventWhen: isInModal };
  useHotkeys("a", () => begin({ kind: "assign" }), { ...keys, enabled: keys.enabled && offer.assign });
  useHotkeys("e", () => begin({ kind: "escalate" }), { ...keys, enabled: keys.enabled && offer.escalate });
  useHotkeys("r", () => begin({ kind: "resolve" }), { ...keys, enabled: keys.enabled && offer.resolve });
  useHotkeys("w", watch.toggle, { ...keys, enabled: keys.enabled && offer.watch });
  const rowMenu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (data !== undefined && document.activeElement === rowMenu.current) {
      focusItem(rowMenu.current);
    }
  }, [data]);
  const dialogs = <ActionDialogs ticket={ticket} dialog={dialog} open={open} onClose={() => setOpen(false)} />;

  if (layout === "menu") {
    const items = [...mainItems(offer), ...moveItems(offer), ...moreItems(offer, ticket)];
    if (offer.watch && watch.known) {
      items.push({ key: "watch", label: watch.watching ? "Stop watching" : "Watch" });
    }
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: a click in here, dialogs included, is none on the row around.
      <span role="presentation" onClick={stop} onKeyDown={stopKey}>
        <ButtonMenu
          placement="bottomRight"
          popupRender={(menu) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: it keeps the focus until it is known what there is to choose.
            <div
              ref={rowMenu}
              tabIndex={-1}
              className="row-menu-popup"
              onFocus={({ target, currentTarget }) => target === currentTarget && focusItem(currentTarget)}
            >
              {menu}
            </div>
          )}
          onOpenChange={(opens) => setAsked((before) => before || opens)}
          menu={{
            items: isPending || (isFetching && !data) ? LOADING : isError && !data ? FAILED : withFallback(items),
            onClick: ({ key }) => (key === "again" ? void refetch() : pick(key, begin, watch.toggle)),
          }}
        >
          <Button type="text" icon={<EllipsisOutlined aria-hidden />} aria-label={`Actions on ${id}`} />
        </ButtonMenu>
        {dialogs}
      </span>
    );
  }
  if (isPending) {
    return <Skeleton.Button active style={{ width: 280 }} />;
  }
  if (isError && !data) {
    return (
      <div className="quick-actions">
        <span className="secondary">It is not known now what you may do here.</span>
        <Button loading={isFetching} onClick={() => void refetch()}>
          Try again
        </Button>
      </div>
    );
  }
  const moves = moveItems(offer);
  const more = moreItems(offer, ticket);
  return (
    <div className="quick-actions" role="toolbar" aria-label="Actions">
      {offer.assign && (
        <ActionButton keys="A" icon={<UserSwitchOutlined aria-hidden />} onClick={() => begin({ kind: "assign" })}>
          Assign
        </ActionButton>
      )}
      {offer.escalate && (
        <ActionButton keys="E" icon={<RiseOutlined aria-hidden />} onClick={() => begin({ kind: "escalate" })}>
          Escalate
        </ActionButton>
      )}
      {offer.resolve && (
        <ActionButton keys="R" primary icon={<CheckOutlined aria-hidden />} onClick={() => begin({ kind: "resolve" })}>
          Resolve
        </ActionButton>
      )}
      {offer.message && onMessage && (
        <ActionButton keys="M" icon={<MessageOutlined aria-hidden />} onClick={onMessage}>
          Message
        </ActionButton>
      )}
      {moves.length > 0 && (
        <ButtonMenu menu={{ items: moves, onClick: ({ key }) => pick(key, begin, watch.toggle) }}>
          <Button icon={<DownOutlined aria-hidden />} iconPlacement="end">
            Move to
          </Button>
        </ButtonMenu>
      )}
      {offer.watch && (
        <ButtonTip title={watch.watching ? "You are told of changes (W)" : "Be told of changes (W)"}>
          <Button
            icon={watch.watching ? <EyeFilled aria-hidden /> : <EyeOutlined aria-hidden />}
            aria-pressed={watch.watching}
            aria-label={watch.watching ? "Watching" : "Watch"}
            onClick={watch.toggle}
            disabled={!watch.known}
          >
            {watch.watching ? "Watching" : "Watch"}
          </Button>
        </ButtonTip>
      )}
      {more.length > 0 && (
        <ButtonMenu
          placement="bottomRight"
          menu={{ items: more, onClick: ({ key }) => pick(key, begin, watch.toggle) }}
        >
          <Button icon={<EllipsisOutlined aria-hidden />} aria-label="More actions" />
        </ButtonMenu>
      )}
      {dialogs}
    </div>
  );
}

/** A key pressed in a dialog over the ticket, such as its edit form, is for that dialog. */
function isInModal({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.closest(".ant-modal") !== null;
}

function focusItem(menu: HTMLElement | null): void {
  menu?.querySelector<HTMLElement>("[role=menuitem]:not([aria-disabled=true])")?.focus();
}

function stop(event: React.SyntheticEvent): void {
  event.stopPropagation();
}

/** Those that close and leave menus and dialogs are waited for by the window. */
function stopKey(event: React.KeyboardEvent): void {
  if (event.key !== "Escape" && event.key !== "Tab") {
    event.stopPropagation();
  }
}

function ActionButton({
  keys,
  primary = false,
  icon,
  onClick,
  children,
}: {
  keys: string;
  primary?: boolean;
  icon: React.ReactNode;
  onClick(): void;
  children: string;
}) {
  return (
    <ButtonTip title={`${children} (${keys})`} mouseEnterDelay={0.6}>
      <Button type={primary ? "primary" : "default"} icon={icon} onClick={onClick}>
        {children}
      </Button>
    </ButtonTip>
  );
}

type Items = Exclude<NonNullable<MenuProps["items"]>[number], null>[];

function mainItems({ assign, escalate, resolve }: Offer): Items {
  return [
    ...(assign ? [{ key: "assign", label: "Assign…" }] : []),
    ...(escalate ? [{ key: "escalate", label: "Escalate…" }] : []),
    ...(resolve ? [{ key: "resolve", label: "Resolve…" }] : []),
  ];
}

function moveItems({ moves }: Offer): Items {
  return moves.map((status) => ({ key: status, label: moveWord(status) }));
}

function moveWord(status: TicketStatus): string {
  switch (dialogOf(status)) {
    case "close":
      return "Close…";
    case "reopen":
      return "Reopen…";
    default:
      return wordOf(STATUSES, status).label;
  }
}

function moreItems({ priority, sensitivity, archive }: Offer, { isSensitive, archived }: Ticket): Items {
  return [
    ...(priority ? [{ key: "priority", label: "Change the priority…" }] : []),
    ...(sensitivity
      ? [{ key: "sensitivity", label: isSensitive ? "Mark as not sensitive…" : "Mark as sensitive…" }]
      : []),
    ...(archive
      ? [{ key: "archive", label: archived ? "Take out of the archive…" : "Archive…", danger: !archived }]
      : []),
  ];
}

function withFallback(items: Items): Items {
  return items.length > 0 ? items : [{ key: "none", label: "Nothing to do here", disabled: true }];
}

function pick(key: string, begin: (dialog: OpenDialog) => void, toggleWatch: () => void): void {
  if (key === "watch") {
    toggleWatch();
  } else if (key.startsWith("TICKET_STATUS_")) {
    const status = key as TicketStatus;
    begin({ kind: dialogOf(status), status });
  } else {
    begin({ kind: key as OpenDialog["kind"] });
  }
}
