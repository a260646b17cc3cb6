import { Flex, Typography } from "antd";
import type { ReactNode } from "react";
import { usePageHeading } from "./usePageHeading";
import { useTitle } from "./useTitle";

/** What a page is, what it is for, and what can be done on it. */
export function PageHeader({ title, lead, actions }: { title: string; lead?: ReactNode; actions?: ReactNode }) {
  useTitle(`${title} · Rodistaa Tickets`);
  const heading = usePageHeading();
  return (
    <Flex justify="space-between" align="start" gap={12} wrap className="page-header">
      <div className="page-header-text">
        <Typography.Title ref={heading} level={1} tabIndex={-1} className="page-title">
          {title}
        </Typography.Title>
        {lead && <Typography.Text type="secondary">{lead}</Typography.Text>}
      </div>
      {actions && (
        <Flex gap={8} align="center" wrap>
          {actions}
        </Flex>
      )}
    </Flex>
  );
}
