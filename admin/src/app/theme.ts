import { type ThemeConfig, theme } from "antd";
import type { Tone } from "@/vocabulary/tickets";

export type ColorScheme = "light" | "dark";

const FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Devanagari", "Helvetica Neue", Arial, sans-serif';

/**
 * The theme of Ant Design: calm surfaces, one colour that calls for action, dense controls. `isStill` has it move nothing;
 * to take the time from its motions by CSS instead leaves dialogs waiting for an end that no browser tells of.
 */
export function themeOf(scheme: ColorScheme, { isStill = false } = {}): ThemeConfig {
  const dark = scheme === "dark";
  return {
    algorithm: dark ? [theme.darkAlgorithm, theme.compactAlgorithm] : [theme.defaultAlgorithm, theme.compactAlgorithm],
    token: {
      motion: !isStill,
      colorPrimary: dark ? "#35b3c8" : "#0b6e7f",
      colorInfo: dark ? "#35b3c8" : "#0b6e7f",
      colorLink: dark ? "#5cc3d6" : "#0a6474",
      // On buttons and badges; the colours below them are light in the dark.
      colorTextLightSolid: dark ? "#06191d" : "#ffffff",
      colorPrimaryBg: dark ? "#12353c" : "#e3f2f4",
      colorPrimaryBgHover: dark ? "#17434c" : "#cfe8ec",
      colorSuccess: dark ? "#49b36b" : "#217a3c",
      colorWarning: dark ? "#e0a33a" : "#9a5b00",
      colorError: dark ? "#ff8580" : "#c0302b",
      // Notices have the surfaces of tags: what is derived from dark solid colours is muddy.
      colorSuccessBg: TONES[scheme].success.background,
      colorSuccessBorder: TONES[scheme].success.border,
      colorWarningBg: TONES[scheme].warning.background,
      colorWarningBorder: TONES[scheme].warning.border,
      colorErrorBg: TONES[scheme].danger.background,
      colorErrorBorder: TONES[scheme].danger.border,
      colorInfoBg: TONES[scheme].info.background,
      colorInfoBorder: TONES[scheme].info.border,
      colorBgLayout: dark ? "#101416" : "#f4f6f7",
      colorBgContainer: dark ? "#171d20" : "#ffffff",
      colorBgElevated: dark ? "#1e2529" : "#ffffff",
      colorTextPlaceholder: dark ? "#8b979d" : "#68757b",
      colorTextDisabled: dark ? "#a9b4b9" : "#525e64",
      colorTextTertiary: dark ? "#93a0a6" : "#5d6a70",
      colorTextDescription: dark ? "#9aa7ad" : "#566369",
      borderRadius: 6,
      fontFamily: FONT,
      fontSize: 14,
      controlHeight: 32,
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.18s",
    },
    components: {
      Layout: {
        headerHeight: 52,
        headerPadding: "0 16px",
        headerBg: dark ? "#171d20" : "#ffffff",
        siderBg: dark ? "#171d20" : "#ffffff",
        lightSiderBg: dark ? "#171d20" : "#ffffff",
        lightTriggerBg: dark ? "#171d20" : "#ffffff",
      },
      Card: { headerHeight: 44, headerHeightSM: 42 },
      Menu: {
        itemBg: "transparent",
        itemSelectedBg: dark ? "#12353c" : "#dff0f2",
        itemSelectedColor: dark ? "#86d6e2" : "#0a5a69",
      },
      // As the list of tickets, which is drawn by hand.
      Table: {
        cellFontSizeSM: 13,
        cellPaddingBlockSM: 7,
        cellPaddingInlineSM: 8,
        fontWeightStrong: 500,
        headerBg: dark ? "#1b2226" : "#f8fafa",
        headerColor: dark ? "#93a0a6" : "#5d6a70",
        headerSplitColor: "transparent",
      },
      Tooltip: { colorTextLightSolid: "#ffffff" },
      Drawer: { paddingLG: 20 },
    },
  };
}

type Colours = { text: string; background: string; border: string; solid: string };

/** Colours of tags and charts by what they mean; text on background has a contrast of 4.5 : 1 at least. */
export const TONES: Readonly<Record<ColorScheme, Readonly<Record<Tone, Colours>>>> = {
  light: {
    neutral: { text: "#465157", background: "#eef1f2", border: "#d5dcdf", solid: "#7c8a91" },
    info: { text: "#1d4f8f", background: "#e7f0fb", border: "#bcd4f0", solid: "#3f7fcb" },
    progress: { text: "#0a5a69", background: "#e0f3f5", border: "#a9dbe2", solid: "#1590a5" },
    waiting: { text: "#5b3f94", background: "#f0ebfa", border: "#d3c4ee", solid: "#8a68c9" },
    warning: { text: "#804700", background: "#fdf0da", border: "#f0cf96", solid: "#d98b1c" },
    danger: { text: "#a3211d", background: "#fdeae9", border: "#f2bcb9", solid: "#d9453f" },
    success: { text: "#1c6633", background: "#e5f5ea", border: "#b2dfc0", solid: "#2f9e55" },
  },
  dark: {
    neutral: { text: "#c3cdd1", background: "#262e32", border: "#3a454a", solid: "#8d9aa0" },
    info: { text: "#a5c9f5", background: "#17283e", border: "#294a73", solid: "#5a9ae6" },
    progress: { text: "#86d6e2", background: "#0f2e34", border: "#1d525d", solid: "#2fb0c5" },
    waiting: { text: "#cdb6f5", background: "#2a2040", border: "#4a3a70", solid: "#a384e0" },
    warning: { text: "#f3c778", background: "#35270f", border: "#5f4719", solid: "#e0a33a" },
    danger: { text: "#f7aaa6", background: "#3b1a19", border: "#6b2f2d", solid: "#f0716b" },
    success: { text: "#8fd9a6", background: "#13301d", border: "#245436", solid: "#49b36b" },
  },
};
