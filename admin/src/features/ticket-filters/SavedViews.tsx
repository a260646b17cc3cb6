import { DownOutlined, SaveOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { lazy, Suspense, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { useCaller } from "@/api/caller";
import { type ListAddress, writeListAddress } from "@/features/ticket-list/listAddress";
import { orderOf } from "@/features/ticket-list/ticketOrders";
import { Flyout } from "@/ui/Flyout";
import { PartBoundary } from "@/ui/PartBoundary";
import { builtInViews } from "./builtInViews";
import { countFilters, isSameFilter } from "./filterParams";
import { savedViewsQuery } from "./savedViewQueries";
import "./saved-views.css";

const ViewsMenu = lazy(async () => ({ default: (await import("./ViewsMenu")).ViewsMenu }));
const SaveViewModal = lazy(async () => ({ default: (await import("./SaveViewModal")).SaveViewModal }));

/** Filters with names: those that everybody has as tabs, one's own and shared ones behind "Saved". */
export function SavedViews({
  address,
  onChange,
}: {
  address: ListAddress;
  onChange(change: Partial<ListAddress>): void;
}) {
  const { userId = "" } = useCaller();
  const [params] = useSearchParams();
  const [open, setOpen] = useState(false);
  const [saving, setSaving] = useState(false);
  const { data: views } = useQuery({ ...savedViewsQuery, enabled: open || address.viewId !== undefined });
  const current = views?.find(({ id }) => id === address.viewId);
  const isAt = (filter: ListAddress["filter"], order: ListAddress["order"]) =>
    address.query === "" && order === address.order && isSameFilter(filter, address.filter);
  const isChanged = current !== undefined && !isAt(current.filter ?? {}, orderOf(current.orderBy));
  const linkTo = (change: Pick<ListAddress, "filter" | "order" | "viewId">) => ({
    search: writeListAddress({ ...address, query: "", ...change }, params, userId).toString(),
  });
  return (
    <div className="saved-views">
      <nav className="saved-views-tabs" aria-label="Views">
        {builtInViews(userId).map(({ name, filter, order }) => (
          <Link
            key={name}
            to={linkTo({ filter, order, viewId: undefined })}
            className="saved-views-tab"
            aria-current={current === undefined && isAt(filter, order) ? "true" : undefined}
          >
            {name}
          </Link>
        ))}
        <Flyout
          label="Saved views"
          open={open}
          onOpenChange={setOpen}
          placement="bottomLeft"
          content={
            <PartBoundary floating>
              <Suspense fallback={null}>
                <ViewsMenu
                  address={address}
                  onApply={(view) => {
                    setOpen(false);
                    onChange({
                      filter: view.filter ?? {},
                      order: orderOf(view.orderBy),
                      query: "",
                      viewId: view.id,
                    });
                  }}
                  onSave={() => {
                    setOpen(false);
                    setSaving(true);
                  }}
                  onDeleted={(view) => view.id === address.viewId && onChange({ viewId: undefined })}
                />
              </Suspense>
            </PartBoundary>
          }
        >
          <button
            type="button"
            className="saved-views-tab"
            aria-haspopup="dialog"
            aria-expanded={open}
            aria-current={current ? "true" : undefined}
          >
            <bdi>{current?.name ?? "Saved"}</bdi>
            {isChanged && <span className="saved-views-changed"> · changed</span>}{" "}
            <DownOutlined aria-hidden className="filter-chip-arrow" />
          </button>
        </Flyout>
      </nav>
      {current === undefined && (countFilters(address.filter) > 0 || address.query !== "") && (
        <Button type="text" size="small" icon={<SaveOutlined aria-hidden />} onClick={() => setSaving(true)}>
          Save view
        </Button>
      )}
      {saving && (
        <PartBoundary floating>
          <Suspense fallback={null}>
            <SaveViewModal
              address={address}
              onClose={() => setSaving(false)}
              onSaved={(view) => {
                setSaving(false);
                onChange({ filter: view.filter ?? {}, query: "", viewId: view.id });
              }}
            />
          </Suspense>
        </PartBoundary>
      )}
    </div>
  );
}
