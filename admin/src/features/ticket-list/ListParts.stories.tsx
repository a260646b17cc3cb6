import type { Meta, StoryObj } from "@storybook/react-vite";
import { Flex } from "antd";
import { IgnoredNotice, NewsPill, NoTickets } from "./ListNotices";
import { ListSkeleton } from "./ListSkeleton";
import { LayoutMenu, OrderMenu } from "./ListTools";
import { LiveIndicator } from "./LiveIndicator";
import { DEFAULT_LAYOUT } from "./listLayout";
import { Pager } from "./Pager";
import { useListStyle } from "./useListStyle";
import "./ticket-list.css";

function Parts() {
  const style = useListStyle();
  const nothing = () => undefined;
  const leaf = { goNext: nothing, goBack: nothing, goFirst: nothing, prefetchNext: nothing };
  return (
    <Flex vertical gap={16} style={{ ...style, paddingTop: 24 }}>
      <Flex gap={16}>
        <LiveIndicator state="connecting" />
        <LiveIndicator state="live" />
        <LiveIndicator state="waiting" />
        <LiveIndicator state="polling" />
      </Flex>
      <Flex gap={8}>
        <OrderMenu order="sla_due_at asc" onOrder={nothing} />
        <OrderMenu order={undefined} onOrder={nothing} />
        <LayoutMenu layout={DEFAULT_LAYOUT} onLayout={nothing} />
      </Flex>
      <NewsPill count={3} onShow={nothing} />
      <IgnoredNotice ignored={[{ name: "status", value: "opne" }]} onForget={nothing} />
      <NoTickets view={{ empty: "Nothing is open for you" }} onClear={nothing} />
      <ListSkeleton rows={3} />
      <Pager
        pager={{ ...leaf, number: 1, isFirst: true, hasNext: true }}
        rows={50}
        pageSize={50}
        onPageSize={nothing}
      />
      <Pager
        pager={{ ...leaf, number: 4, isFirst: false, hasNext: false }}
        rows={7}
        pageSize={50}
        onPageSize={nothing}
      />
    </Flex>
  );
}

const meta = { title: "Tickets/Parts of the list", component: Parts } satisfies Meta<typeof Parts>;
export default meta;

/** The indicator of the stream, order and columns, notices, skeleton, pages. */
export const All: StoryObj<typeof meta> = {};
