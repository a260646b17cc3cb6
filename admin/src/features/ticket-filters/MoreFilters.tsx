import { Button, Drawer, Flex } from "antd";
import type { TicketFilter } from "@/api/schemas";
import { FilterForm } from "./FilterForm";
import { countFilters } from "./filterParams";

/** Every field of the filter. What is chosen holds at once, and shows in the list behind. */
export function MoreFilters({
  value,
  onChange,
  open,
  onClose,
}: {
  value: TicketFilter;
  onChange(filter: TicketFilter): void;
  open: boolean;
  onClose(): void;
}) {
  return (
    <Drawer
      open={open}
      onClose={onClose}
      title="Filters"
      size="min(420px, 100vw)"
      mask={false}
      className="more-filters"
      footer={
        <Flex justify="space-between">
          <Button type="text" disabled={countFilters(value) === 0} onClick={() => onChange({})}>
            Clear all
          </Button>
          <Button type="primary" onClick={onClose}>
            Done
          </Button>
        </Flex>
      }
    >
      <FilterForm value={value} onChange={onChange} />
    </Drawer>
  );
}
