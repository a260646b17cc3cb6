import { Tooltip, type TooltipProps } from "antd";
import { hasHover } from "./hasHover";

/**
 * What a button does, for who points at it. Where nothing can be pointed at, a tap would leave it lying over what is
 * beside the button, so there it is not shown.
 */
export function ButtonTip({ title, ...tooltip }: Omit<TooltipProps, "title"> & { title: string }) {
  return <Tooltip {...tooltip} title={hasHover() ? title : undefined} />;
}
