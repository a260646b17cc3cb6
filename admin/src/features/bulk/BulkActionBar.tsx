import {
  ArrowUpOutlined,
  CloseOutlined,
  FlagOutlined,
  MoreOutlined,
  SwapOutlined,
  TagsOutlined,
  UserSwitchOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Grid, Spin, theme } from "antd";
import { useState } from "react";
import { usePermission } from "@/api/caller";
import type { TicketFilter } from "@/api/schemas";
import { ButtonMenu } from "@/ui/ButtonMenu";
import { ButtonTip } from "@/ui/ButtonTip";
import { isEmptyFilter } from "@/vocabulary/filterWords";
import { BulkDialog } from "./BulkDialog";
import { type BulkScope, CHANGES, type ChangeKind, MOST_TICKETS } from "./bulkChange";
import { unchangedIds } from "./bulkResults";
import { type BulkFlow, useBulkFlow } from "./useBulkFlow";
import { matchingCountQuery } from "./useBulkUpdate";
import "./bulk.css";

export type BulkActionBarProps = {
  /** The tickets that are chosen in the list; none: only results that were not put away yet are shown. */
  selectedIds: readonly string[];
  /** What the list shows, for "all that match". */
  filter: TicketFilter;
  /** Empties the choice. */
  onClear(): void;
  /** Chooses others; without it "select only these" of the results is not offered. */
  onSelect?: (ids: readonly string[]) => void;
};

const NUMBER = new Intl.NumberFormat("en-IN");
const FIRST: readonly { kind: ChangeKind; label: string; icon: React.ReactNode }[] = [
  { kind: "assign", label: "Assign", icon: <UserSwitchOutlined aria-hidden /> },
  { kind: "transition", label: "Status", icon: <SwapOutlined aria-hidden /> },
  { kind: "priority", label: "Priority", icon: <FlagOutlined aria-hidden /> },
  { kind: "tags", label: "Tags", icon: <TagsOutlined aria-hidden /> },
  { kind: "escalate", label: "Escalate", icon: <ArrowUpOutlined aria-hidden /> },
];
const MORE: readonly ChangeKind[] = ["archive", "unarchive", "reapplySla"];
/** So many of the first have room on a phone, without their icons; the others are behind "more" there. */
const FIRST_ON_PHONES = 4;

/** What may be done to the chosen tickets, at the foot of the list. For who may change in bulk. Keep it mounted. */
export function BulkActionBar(props: BulkActionBarProps) {
  const isAllowed = usePermission("PERMISSION_BULK_UPDATE_TICKETS");
  return isAllowed ? <Bar {...props} /> : null;
}

function Bar({ selectedIds, filter, onClear, onSelect }: BulkActionBarProps) {
  const [isAll, setAll] = useState(false);
  const [open, setOpen] = useState(false);
  const { token } = theme.useToken();
  const { modal } = App.useApp();
  const isPhone = !(Grid.useBreakpoint().sm ?? true);
  const first = isPhone ? FIRST.slice(0, FIRST_ON_PHONES) : FIRST;
  const more = [...FIRST.slice(first.length).map(({ kind }) => kind), ...MORE];
  const flow = useBulkFlow();
  const count = selectedIds.length;
  const isChosen = count > 0;
  if (isAll && !isChosen) {
    setAll(false);
  }
  const scope: BulkScope = isAll ? { filter } : { ids: selectedIds };
  const tooMany = !isAll && count > MOST_TICKETS;
  const begin = (kind: ChangeKind) => {
    flow.begin(scope, kind);
    setOpen(true);
  };
  const clear = () => {
    if (!flow.hasRun || (!flow.run.isPending && unchangedIds(flow.rows).length === 0)) {
      flow.end();
      onClear();
      return;
    }
    modal.confirm({
      title: "Put the results of the last change away too?",
      content: flow.run.isPending ? "It goes on, but you will not see what becomes of each ticket." : undefined,
      okText: "Put them away",
      onOk: () => {
        flow.end();
        onClear();
      },
    });
  };
  return (
    <>
      {(isChosen || flow.hasRun) && (
        <section
          className="bulk-bar"
          aria-label="Bulk changes"
          style={{
            background: token.colorBgElevated,
            borderColor: token.colorBorder,
            boxShadow: token.boxShadowSecondary,
          }}
        >
          {flow.hasRun && !open && <LastChange flow={flow} onShow={() => setOpen(true)} />}
          {isChosen && (
            <>
              <div className="bulk-bar-what">
                <strong aria-live="polite">{isAll ? "All that match" : `${NUMBER.format(count)} selected`}</strong>
                {tooMany && <span>At most {MOST_TICKETS} at a time: choose fewer.</span>}
                <AllMatching filter={filter} isAll={isAll} chosen={count} onChange={setAll} />
              </div>
              <div className="bulk-bar-actions">
                {first.map(({ kind, label, icon }) => (
                  <Button
                    key={kind}
                    icon={isPhone ? null : icon}
                    disabled={tooMany || flow.run.isPending}
                    onClick={() => begin(kind)}
                  >
                    {label}
                  </Button>
                ))}
                <ButtonMenu
                  disabled={tooMany || flow.run.isPending}
                  menu={{
                    items: more.map((key) => ({ key, label: CHANGES[key].label })),
                    onClick: ({ key }) => begin(key as ChangeKind),
                  }}
                >
                  <Button icon={<MoreOutlined aria-hidden />} aria-label="More bulk changes" />
                </ButtonMenu>
                <ButtonTip title="Clear the selection">
                  <Button
                    type="text"
                    icon={<CloseOutlined aria-hidden />}
                    aria-label="Clear the selection"
                    onClick={clear}
                  />
                </ButtonTip>
              </div>
            </>
          )}
        </section>
      )}
      <BulkDialog
        flow={flow}
        open={open}
        onClose={() => setOpen(false)}
        onDone={() => {
          setOpen(false);
          flow.end();
          onClear();
        }}
        onSelect={
          onSelect &&
          ((ids) => {
            setAll(false);
            setOpen(false);
            flow.end();
            onSelect(ids);
          })
        }
      />
    </>
  );
}

/** The choice between what was chosen and all that the list's filter matches, where those are not too many. */
function AllMatching({
  filter,
  isAll,
  chosen,
  onChange,
}: {
  filter: TicketFilter;
  isAll: boolean;
  chosen: number;
  onChange(isAll: boolean): void;
}) {
  const { token } = theme.useToken();
  const isWide = isEmptyFilter(filter);
  const { data } = useQuery({ ...matchingCountQuery(filter), enabled: !isWide });
  const quiet = { color: token.colorTextSecondary };
  if (isWide) {
    return <span style={quiet}>Filter the list to choose all that match.</span>;
  }
  if (data === undefined) {
    return null;
  }
  const total = `${NUMBER.format(data.total)}${data.isCapped ? "+" : ""}`;
  if (isAll) {
    return (
      <>
        <span style={quiet}>{total} tickets</span>
        <Button type="link" size="small" onClick={() => onChange(false)}>
          Only the {NUMBER.format(chosen)} selected
        </Button>
      </>
    );
  }
  if (data.isCapped || data.total > MOST_TICKETS) {
    return (
      <span style={quiet}>
        {total} match the filter; a bulk change takes {MOST_TICKETS} at most. Narrow it to choose them all.
      </span>
    );
  }
  return data.total > chosen ? (
    <Button type="link" size="small" onClick={() => onChange(true)}>
      Select all {total} that match
    </Button>
  ) : null;
}

/** A change that runs, or has run, while its dialog is closed. */
function LastChange({ flow, onShow }: { flow: BulkFlow; onShow(): void }) {
  const unchanged = unchangedIds(flow.rows).length;
  return (
    <div className="bulk-bar-what" role="status">
      {flow.run.isPending ? (
        <>
          <Spin size="small" /> Changing tickets…
        </>
      ) : (
        <span>
          {flow.run.error !== null
            ? "The last change has no result."
            : `Last change: ${flow.rows.length - unchanged} changed${unchanged > 0 ? `, ${unchanged} not` : ""}.`}
        </span>
      )}
      <Button type="link" size="small" onClick={onShow}>
        Results
      </Button>
      {!flow.run.isPending && (
        <ButtonTip title="Put the results away">
          <Button
            type="text"
            size="small"
            icon={<CloseOutlined aria-hidden />}
            aria-label="Put the results away"
            onClick={flow.end}
          />
        </ButtonTip>
      )}
    </div>
  );
}
