import {
  CheckCircleOutlined,
  ClockCircleOutlined,
  CloseCircleOutlined,
  FieldTimeOutlined,
  FireOutlined,
  MinusCircleOutlined,
  PauseCircleOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import type { SlaState } from "./slaClock";

const ICONS: Readonly<Record<SlaState, ComponentType<{ "aria-hidden"?: boolean }>>> = {
  none: MinusCircleOutlined,
  onTrack: ClockCircleOutlined,
  nearBreach: FieldTimeOutlined,
  breached: FireOutlined,
  paused: PauseCircleOutlined,
  met: CheckCircleOutlined,
  missed: CloseCircleOutlined,
};

/** A shape for each state, since colour alone tells nothing to some. The words stand beside it. */
export function SlaIcon({ state }: { state: SlaState }) {
  const Icon = ICONS[state];
  return <Icon aria-hidden />;
}
