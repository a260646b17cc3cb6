import { DownloadOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { useLocation, useNavigate, useParams } from "react-router";
import { useCaller, usePermission } from "@/api/caller";
import { ticketKeys } from "@/api/tickets";
import { useDialog } from "@/app/dialogs";
import { ROUTES } from "@/app/routes";
import { builtInViews } from "@/features/ticket-filters/builtInViews";
import { isSameFilter } from "@/features/ticket-filters/filterParams";
import { SavedViews } from "@/features/ticket-filters/SavedViews";
import { TicketFilters } from "@/features/ticket-filters/TicketFilters";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { PartBoundary } from "@/ui/PartBoundary";
import { patiently } from "@/ui/patiently";
import { usePageHeading } from "@/ui/usePageHeading";
import { useTitle } from "@/ui/useTitle";
import { IgnoredNotice, NewsPill, NoTickets } from "./ListNotices";
import { ListSkeleton } from "./ListSkeleton";
import { LayoutMenu, OrderMenu } from "./ListTools";
import { LiveIndicator } from "./LiveIndicator";
import { wholeFilter } from "./listAddress";
import { useListLayout } from "./listLayout";
import { requestOf } from "./listQueries";
import { Pager } from "./Pager";
import { TicketCards } from "./TicketCards";
import { TicketsTable, type TicketsTableProps } from "./TicketsTable";
import { TotalCount } from "./TotalCount";
import type { TicketOrder } from "./ticketOrders";
import { useKeyed } from "./useKeyed";
import { useListAddress } from "./useListAddress";
import { useListStyle } from "./useListStyle";
import { useLiveTickets } from "./useLiveTickets";
import { useNarrow } from "./useNarrow";
import { useReturnToRow } from "./useReturnToRow";
import { useRowKeys } from "./useRowKeys";
import { useTicketPage } from "./useTicketPage";
import "./ticket-list.css";

const TicketDetailPanel = lazy(
  patiently(async () => ({
    default: (await import("@/features/ticket-detail/TicketDetailPanel")).TicketDetailPanel,
  })),
);
const ExportDialog = lazy(
  patiently(async () => ({ default: (await import("@/features/exports/ExportDialog")).ExportDialog })),
);
const BulkActionBar = lazy(
  patiently(async () => ({ default: (await import("@/features/bulk/BulkActionBar")).BulkActionBar })),
);

const POLL_MS = 30_000;
const NOTHING: ReadonlySet<string> = new Set();
const NO_TICKETS: TicketsTableProps["tickets"] = [];

/** The tickets that the address tells of, kept as they are by the second, and the panel of the one that is open. */
export function TicketsListPage() {
  const { ticketId } = useParams();
  const { search } = useLocation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const style = useListStyle();
  const narrow = useNarrow();
  const [layout, setLayout] = useListLayout();
  const { address, change } = useListAddress();
  const { filter, query, order, pageSize } = address;
  const request = useMemo(() => requestOf({ filter, query, order, pageSize }), [filter, query, order, pageSize]);
  const listKey = JSON.stringify([request.filter, request.query]);

  const [unwatchable, setUnwatchable] = useKeyed(listKey, false);
  const isPolled = query !== "" || unwatchable;
  const pager = useTicketPage(request, { pollMs: isPolled ? POLL_MS : false });
  const { data: page, error, isPlaceholderData, isFetching, refetch } = pager.result;
  const tickets = page?.tickets ?? NO_TICKETS;
  const pointerInside = useRef(false);
  const live = useLiveTickets(request, pager, { isPolled, onUnwatchable: () => setUnwatchable(true), pointerInside });

  const mayBulk = usePermission("PERMISSION_BULK_UPDATE_TICKETS");
  const mayExport = usePermission("PERMISSION_EXPORT_TICKETS");
  const isStaff = usePermission("PERMISSION_STAFF");
  const { userId = "" } = useCaller();
  const [exporting, setExporting] = useDialog("export");
  const [selected, setSelected] = useKeyed(listKey, NOTHING);
  // Results of a bulk change are shown in its bar for as long as nobody has put them away, whatever is selected by then.
  const [hasSelected, setHasSelected] = useState(false);
  if (selected.size > 0 && !hasSelected) {
    setHasSelected(true);
  }
  const [noticed, setNoticed] = useState(false);

  const open = (id: string) => navigate({ pathname: ROUTES.ticket(id), search });
  useReturnToRow(ticketId);
  const heading = usePageHeading();
  const name = query ? `Results for “${query}”` : "Tickets";
  // That of a ticket which is open is its own.
  useTitle(ticketId === undefined ? `${name} · Rodistaa Tickets` : undefined);
  const rows = useRowKeys({
    tickets,
    openId: ticketId,
    onOpen: open,
    onSelect: mayBulk
      ? (id) => {
          const next = new Set(selected);
          setSelected(next.delete(id) ? next : next.add(id));
        }
      : undefined,
  });
  // Ranked results that are put into an order are a list of what contains the words.
  const setOrder = (next: TicketOrder) =>
    change(query ? { order: next, query: "", filter: wholeFilter(address) } : { order: next });
  const clear = () => change({ filter: {}, query: "", viewId: undefined });
  const shownOrder = query ? undefined : order;
  const table: TicketsTableProps = {
    tickets,
    loading: isPlaceholderData,
    selectedIds: selected,
    onSelect: mayBulk ? setSelected : undefined,
    onOpen: open,
    activeId: rows.activeId,
    order: shownOrder,
    onOrder: setOrder,
    highlights: page?.found,
    changedIds: live.marks.changed,
    goneIds: live.marks.gone,
    layout,
    withMenu: true,
  };
  const isEmpty = page !== undefined && tickets.length === 0;
  return (
    <div className="tickets-page" style={style}>
      <div className="tickets-head">
        <h1 ref={heading} tabIndex={-1}>
          {name}
        </h1>
        <TotalCount
          filter={request.filter}
          query={query}
          ready={page !== undefined && !isPlaceholderData}
          known={pager.isFirst && page?.nextPageToken === "" && live.marks.gone.size === 0 ? tickets.length : undefined}
        />
        <LiveIndicator state={live.state} />
        <div className="tickets-head-tools">
          {mayExport && (
            <Button icon={<DownloadOutlined aria-hidden />} onClick={() => setExporting(true)} aria-label="Export">
              {narrow ? null : "Export"}
            </Button>
          )}
        </div>
      </div>
      {isStaff && <SavedViews address={address} onChange={change} />}
      <TicketFilters
        value={filter}
        onChange={(next) => change({ filter: next })}
        extra={
          <>
            <OrderMenu order={shownOrder} onOrder={setOrder} />
            {!narrow && <LayoutMenu layout={layout} onLayout={setLayout} />}
          </>
        }
      />
      {!noticed && <IgnoredNotice ignored={address.ignored} onForget={() => setNoticed(true)} />}
      {error !== null && (
        <ErrorNotice
          error={error}
          onRetry={() => {
            // A page's token may be what is refused.
            pager.goFirst();
            void refetch();
          }}
        />
      )}
      <NewsPill
        count={live.marks.pending.size}
        onShow={() => {
          pager.goFirst();
          void queryClient.invalidateQueries({ queryKey: [...ticketKeys.lists, "page"] });
        }}
      />
      <section
        aria-label="Tickets"
        className="tickets-frame"
        onPointerEnter={() => {
          pointerInside.current = true;
        }}
        onPointerLeave={() => {
          pointerInside.current = false;
        }}
        onFocus={(event) => {
          const row = (event.target as Element).closest<HTMLElement>("[data-ticket-id]");
          if (row) {
            rows.stand(row.dataset.ticketId);
          }
        }}
      >
        {page === undefined && error === null && <ListSkeleton />}
        {isEmpty && (
          <NoTickets
            view={query ? undefined : builtInViews(userId).find((view) => isSameFilter(view.filter, filter))}
            onClear={clear}
          />
        )}
        {tickets.length > 0 && (narrow ? <TicketCards {...table} /> : <TicketsTable {...table} />)}
        {page !== undefined && (
          <Pager
            pager={pager}
            rows={tickets.length}
            pageSize={pageSize}
            onPageSize={(size) => change({ pageSize: size })}
          />
        )}
      </section>
      <div aria-live="polite" className="visually-hidden">
        {isFetching && isPlaceholderData ? "Loading" : live.announcement}
      </div>
      <PartBoundary floating>
        <Suspense fallback={null}>
          {mayBulk && hasSelected && (
            <BulkActionBar
              selectedIds={[...selected]}
              filter={wholeFilter(address)}
              onClear={() => setSelected(NOTHING)}
              onSelect={(ids) => setSelected(new Set(ids))}
            />
          )}
          {exporting && <ExportDialog open filter={wholeFilter(address)} onClose={() => setExporting(false)} />}
          {ticketId !== undefined && (
            <TicketDetailPanel
              ticketId={ticketId}
              onClose={() => navigate({ pathname: ROUTES.tickets, search: withoutTab(search) })}
              {...(rows.previousId && { onPrevious: () => open(rows.previousId as string) })}
              {...(rows.nextId && { onNext: () => open(rows.nextId as string) })}
            />
          )}
        </Suspense>
      </PartBoundary>
    </div>
  );
}

/** Which tab of a ticket is open says nothing of the list. */
function withoutTab(search: string): string {
  const params = new URLSearchParams(search);
  params.delete("tab");
  return params.toString();
}
