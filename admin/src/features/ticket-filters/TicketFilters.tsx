import { CloseOutlined, FilterOutlined } from "@ant-design/icons";
import { Button, Flex, Space } from "antd";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useCaller, usePermission } from "@/api/caller";
import type { TicketFilter } from "@/api/schemas";
import { useListStyle } from "@/features/ticket-list/useListStyle";
import { PartBoundary } from "@/ui/PartBoundary";
import { PriorityTag, StatusTag } from "@/ui/StatusTag";
import { OPEN_STATUSES, optionsOf, PRIORITIES, SLA_STATUSES, STATUSES } from "@/vocabulary/tickets";
import { ChoiceFilter } from "./ChoiceFilter";
import { countFilters } from "./filterParams";
import { type FilterWord, QUICK_FIELDS, without, wordsOf } from "./filterWords";
import "./ticket-filters.css";

const MoreFilters = lazy(async () => ({ default: (await import("./MoreFilters")).MoreFilters }));

export type TicketFiltersProps = {
  value: TicketFilter;
  /** Called at each choice; texts are told when typing pauses. */
  onChange(filter: TicketFilter): void;
  /** Stands at the end of the row. */
  extra?: ReactNode;
};

const STATUS_CHOICES = optionsOf(STATUSES).map(({ value }) => ({ value, label: <StatusTag status={value} /> }));
const PRIORITY_CHOICES = optionsOf(PRIORITIES)
  .map(({ value }) => ({ value, label: <PriorityTag priority={value} /> }))
  .reverse();
const SLA_CHOICES = optionsOf(SLA_STATUSES);

/** Which tickets are shown: what is asked for daily as buttons, the rest behind "More filters". */
export function TicketFilters({ value, onChange: tell, extra }: TicketFiltersProps) {
  // The address follows a moment later: what is chosen until then builds on what was chosen last, and shows at once.
  const [ahead, setAhead] = useState<{ of: TicketFilter; filter: TicketFilter } | null>(null);
  const filter = ahead?.of === value ? ahead.filter : value;
  const onChange = (next: TicketFilter) => {
    setAhead({ of: value, filter: next });
    tell(next);
  };
  const { userId = "", role } = useCaller();
  const isStaff = usePermission("PERMISSION_STAFF");
  const style = useListStyle();
  const [more, setMore] = useState<"never" | "open" | "closed">("never");
  const words = wordsOf(filter, userId);
  const wordOfField = (field: keyof TicketFilter) => words.find((each) => each.field === field)?.value;
  const isMine = filter.ownerId === userId;
  const isMyQueue = filter.ownerRoles?.length === 1 && filter.ownerRoles[0] === role;
  const isToggle = ({ field }: FilterWord) =>
    isStaff &&
    ((field === "ownerId" && isMine) ||
      (field === "unassigned" && filter.unassigned === true) ||
      (field === "ownerRoles" && isMyQueue));
  const others = words.filter((word) => !QUICK_FIELDS.has(word.field) && !isToggle(word));
  return (
    <Flex wrap gap={6} align="center" className="ticket-filters" style={style} role="group" aria-label="Filters">
      <ChoiceFilter
        label="Status"
        choices={STATUS_CHOICES}
        value={filter.statuses ?? []}
        words={shortly(filter.statuses, OPEN_STATUSES, "all open") ?? wordOfField("statuses")}
        onChange={(statuses) => onChange(withList(filter, "statuses", statuses))}
        shortcut={{ label: "All open", values: OPEN_STATUSES }}
      />
      <ChoiceFilter
        label="Priority"
        choices={PRIORITY_CHOICES}
        value={filter.priorities ?? []}
        words={wordOfField("priorities")}
        onChange={(priorities) => onChange(withList(filter, "priorities", priorities))}
      />
      <ChoiceFilter
        label="SLA"
        choices={SLA_CHOICES}
        value={filter.slaStatuses ?? []}
        words={wordOfField("slaStatuses")}
        onChange={(slaStatuses) => onChange(withList(filter, "slaStatuses", slaStatuses))}
      />
      {isStaff && (
        <>
          <Toggle
            label="Mine"
            on={isMine}
            onChange={(on) => {
              const rest = without(without(filter, "unassigned"), "ownerId");
              onChange(on ? { ...rest, ownerId: userId } : rest);
            }}
          />
          <Toggle
            label="Unassigned"
            on={filter.unassigned === true}
            onChange={(on) => {
              const rest = without(without(filter, "unassigned"), "ownerId");
              onChange(on ? { ...rest, unassigned: true } : rest);
            }}
          />
        </>
      )}
      {isStaff && role && (
        <Toggle
          label="My queue"
          on={isMyQueue}
          onChange={(on) => {
            const rest = without(filter, "ownerRoles");
            onChange(on ? { ...rest, ownerRoles: [role] } : rest);
          }}
        />
      )}
      {others.map((word) => (
        <Space.Compact key={word.field} className="filter-chip">
          <Button color="primary" variant="filled" onClick={() => setMore("open")}>
            <span className="filter-chip-text">
              {word.label}: {word.value}
            </span>
          </Button>
          <Button
            color="primary"
            variant="filled"
            icon={<CloseOutlined aria-hidden />}
            aria-label={`Remove the filter ${word.label.toLowerCase()}`}
            onClick={() => onChange(without(filter, word.field))}
          />
        </Space.Compact>
      ))}
      <Button type="text" icon={<FilterOutlined aria-hidden />} onClick={() => setMore("open")} aria-haspopup="dialog">
        More filters
      </Button>
      {countFilters(filter) > 0 && (
        <Button type="link" onClick={() => onChange({})}>
          Clear all
        </Button>
      )}
      {extra && <div className="ticket-filters-extra">{extra}</div>}
      {more !== "never" && (
        <PartBoundary floating>
          <Suspense fallback={null}>
            <MoreFilters value={filter} onChange={onChange} open={more === "open"} onClose={() => setMore("closed")} />
          </Suspense>
        </PartBoundary>
      )}
    </Flex>
  );
}

function Toggle({ label, on, onChange }: { label: string; on: boolean; onChange(on: boolean): void }) {
  return (
    <Button
      color={on ? "primary" : "default"}
      variant={on ? "filled" : "outlined"}
      aria-pressed={on}
      onClick={() => onChange(!on)}
    >
      {label}
    </Button>
  );
}

type Lists = "statuses" | "priorities" | "slaStatuses";

function withList<Field extends Lists>(filter: TicketFilter, field: Field, values: TicketFilter[Field]): TicketFilter {
  return values?.length ? { ...filter, [field]: values } : without(filter, field);
}

/** One name for a well-known set of values. */
function shortly(values: readonly string[] | undefined, set: readonly string[], name: string): string | undefined {
  return values?.length === set.length && set.every((each) => values.includes(each)) ? name : undefined;
}
