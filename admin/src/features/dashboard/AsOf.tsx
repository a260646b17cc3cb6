import { ReloadOutlined } from "@ant-design/icons";
import { Button } from "antd";

const TIME = new Intl.DateTimeFormat("en-IN", { timeStyle: "medium" });

/** How old the figures are; `asOf` is undefined before there are any. */
export function AsOf({
  asOf,
  isFetching,
  onRefresh,
}: {
  asOf: string | undefined;
  isFetching: boolean;
  onRefresh(): void;
}) {
  return (
    <div className="dashboard-as-of">
      {asOf && (
        <span>
          As of <time dateTime={asOf}>{TIME.format(new Date(asOf))}</time>
        </span>
      )}
      <Button
        type="text"
        icon={<ReloadOutlined aria-hidden spin={isFetching} />}
        aria-label="Count again"
        title="Counted again each minute"
        onClick={onRefresh}
      />
    </div>
  );
}
