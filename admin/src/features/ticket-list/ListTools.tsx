import { SettingOutlined, SortAscendingOutlined } from "@ant-design/icons";
import { Button, Checkbox, Radio } from "antd";
import { useState } from "react";
import { ButtonMenu } from "@/ui/ButtonMenu";
import { Flyout } from "@/ui/Flyout";
import { type Density, type ListLayout, OPTIONAL_COLUMNS, type OptionalColumn } from "./listLayout";
import { ORDERS, type TicketOrder } from "./ticketOrders";

/** The order of the rows by name, columns or not. Ranked results can be put into an order too. */
export function OrderMenu({
  order,
  onOrder,
}: {
  /** Undefined while rows are ranked by a search. */
  order: TicketOrder | undefined;
  onOrder(order: TicketOrder): void;
}) {
  const word = order ? ORDERS[order] : "Best match first";
  const items = (Object.keys(ORDERS) as TicketOrder[]).map((key) => ({
    key,
    label: ORDERS[key],
    role: "menuitemradio",
    "aria-checked": key === order,
  }));
  return (
    <ButtonMenu
      placement="bottomRight"
      menu={{
        items,
        selectable: true,
        selectedKeys: order ? [order] : [],
        onClick: ({ key }) => onOrder(key as TicketOrder),
      }}
    >
      <Button type="text" icon={<SortAscendingOutlined aria-hidden />} aria-label={`Order: ${word}`}>
        {word}
      </Button>
    </ButtonMenu>
  );
}

/** Which columns the table has, and how close its rows stand. */
export function LayoutMenu({ layout, onLayout }: { layout: ListLayout; onLayout(layout: ListLayout): void }) {
  const [open, setOpen] = useState(false);
  const all = Object.entries(OPTIONAL_COLUMNS) as [OptionalColumn, string][];
  const content = (
    <div className="layout-menu">
      <Radio.Group
        optionType="button"
        size="small"
        aria-label="Density"
        value={layout.density}
        onChange={(event) => onLayout({ ...layout, density: event.target.value as Density })}
        options={[
          { value: "compact", label: "Compact" },
          { value: "relaxed", label: "Relaxed" },
        ]}
      />
      {all.map(([key, label]) => (
        <Checkbox
          key={key}
          checked={!layout.hidden.includes(key)}
          onChange={(event) =>
            onLayout({
              ...layout,
              hidden: all
                .map(([each]) => each)
                .filter((each) => (each === key ? !event.target.checked : layout.hidden.includes(each))),
            })
          }
        >
          {label}
        </Checkbox>
      ))}
    </div>
  );
  return (
    <Flyout label="Columns and density" open={open} onOpenChange={setOpen} placement="bottomRight" content={content}>
      <Button
        type="text"
        icon={<SettingOutlined aria-hidden />}
        aria-label="Columns and density"
        aria-expanded={open}
        aria-haspopup="dialog"
      />
    </Flyout>
  );
}
