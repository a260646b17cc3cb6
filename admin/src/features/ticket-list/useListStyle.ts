import { theme } from "antd";
import { type CSSProperties, useMemo } from "react";
import { useScheme } from "@/app/scheme";
import { TONES } from "@/app/theme";

/** Colours of the theme for the list's style sheet. */
export function useListStyle(): CSSProperties {
  const { token } = theme.useToken();
  const { scheme } = useScheme();
  return useMemo(
    () =>
      ({
        "--list-border": token.colorBorderSecondary,
        "--list-surface": token.colorBgContainer,
        "--list-head": token.colorFillQuaternary,
        "--list-text": token.colorText,
        "--list-muted": token.colorTextTertiary,
        "--list-link": token.colorLink,
        "--list-primary": token.colorPrimary,
        "--list-active": token.controlItemBgActive,
        "--list-hover": token.controlItemBgHover,
        "--list-changed": TONES[scheme].info.background,
        "--list-mark": TONES[scheme].warning.background,
        "--list-mark-text": TONES[scheme].warning.text,
        "--list-tag": TONES[scheme].neutral.background,
        "--list-tag-text": TONES[scheme].neutral.text,
        "--list-live": TONES[scheme].success.solid,
        "--list-waiting": TONES[scheme].warning.solid,
      }) as CSSProperties,
    [token, scheme],
  );
}
