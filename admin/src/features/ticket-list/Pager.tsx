import { LeftOutlined, RightOutlined, VerticalRightOutlined } from "@ant-design/icons";
import { Button, Flex, Select, Space } from "antd";
import { PAGE_SIZES } from "./listAddress";
import type { TicketPager } from "./useTicketPage";

/** Forward and back. There is no "page 7 of 40": pages are places between tickets, which come and go. */
export function Pager({
  pager,
  rows,
  pageSize,
  onPageSize,
}: {
  pager: Pick<TicketPager, "number" | "isFirst" | "hasNext" | "goNext" | "goBack" | "goFirst" | "prefetchNext">;
  rows: number;
  pageSize: number;
  onPageSize(size: number): void;
}) {
  return (
    <Flex
      component="nav"
      wrap
      gap={8}
      align="center"
      justify="space-between"
      className="tickets-foot"
      aria-label="Pages"
    >
      <Select<number>
        size="small"
        variant="borderless"
        aria-label="Rows of a page"
        value={pageSize}
        onChange={onPageSize}
        options={PAGE_SIZES.map((size) => ({ value: size, label: `${size} rows` }))}
      />
      <Space size={4}>
        {pager.number > 2 && (
          <Button
            size="small"
            type="text"
            icon={<VerticalRightOutlined aria-hidden />}
            aria-label="First page"
            onClick={pager.goFirst}
          />
        )}
        <Button
          size="small"
          type="text"
          icon={<LeftOutlined aria-hidden />}
          aria-label="Page before"
          disabled={pager.isFirst}
          onClick={pager.goBack}
        />
        <span className="tickets-total">
          Page {pager.number}
          {rows > 0 && <span className="visually-hidden">, {rows} rows</span>}
        </span>
        <Button
          size="small"
          type="text"
          icon={<RightOutlined aria-hidden />}
          aria-label="Next page"
          disabled={!pager.hasNext}
          onClick={pager.goNext}
          onMouseEnter={pager.prefetchNext}
          onFocus={pager.prefetchNext}
        />
      </Space>
    </Flex>
  );
}
