import { Segmented, Select } from "antd";
import type { TicketPriority } from "@/api/schemas";
import { FranchiseField } from "@/features/ticket-create/FranchiseField";
import { optionsOf, PRIORITIES, ROLES, STAFF_ROLES } from "@/vocabulary/tickets";
import { type DashboardFilter, RANGES, type Range } from "./stats";

type StaffRole = (typeof STAFF_ROLES)[number];

const ROLE_OPTIONS = STAFF_ROLES.map((role) => ({ value: role, label: ROLES[role] }));

/** The few things that the figures are narrowed by. */
export function DashboardFilters({
  filter,
  days,
  onChange,
}: {
  filter: DashboardFilter;
  days: Range;
  onChange(filter: DashboardFilter, days: Range): void;
}) {
  const set = (change: DashboardFilter) => onChange({ ...filter, ...change }, days);
  return (
    <section className="dashboard-filters" aria-label="Narrow the figures">
      <div className="dashboard-filter">
        <label className="visually-hidden" htmlFor="dashboard-franchise">
          Franchise
        </label>
        <FranchiseField
          id="dashboard-franchise"
          value={filter.franchiseIds?.[0]}
          onChange={(franchise) => set({ franchiseIds: franchise ? [franchise] : [] })}
          placeholder="Franchise"
        />
      </div>
      <Select<StaffRole[]>
        className="dashboard-filter"
        mode="multiple"
        allowClear
        maxTagCount="responsive"
        placeholder="Role"
        aria-label="Role"
        options={ROLE_OPTIONS}
        value={(filter.ownerRoles ?? []) as StaffRole[]}
        onChange={(ownerRoles) => set({ ownerRoles })}
        showSearch={{ optionFilterProp: "label" }}
      />
      <Select<TicketPriority[]>
        className="dashboard-filter"
        mode="multiple"
        allowClear
        maxTagCount="responsive"
        placeholder="Priority"
        aria-label="Priority"
        options={optionsOf(PRIORITIES)}
        value={filter.priorities ?? []}
        onChange={(priorities) => set({ priorities })}
      />
      <Segmented
        aria-label="Days of the trend and of the averages"
        options={RANGES.map((range) => ({ value: range, label: `${range} days` }))}
        value={days}
        onChange={(range) => onChange(filter, range)}
      />
    </section>
  );
}
