import type { StorybookConfig } from "@storybook/react-vite";
import type { PluginOption } from "vite";

const config: StorybookConfig = {
  framework: "@storybook/react-vite",
  stories: ["../src/**/*.stories.tsx"],
  addons: ["@storybook/addon-a11y"],
  // The part of msw that answers calls: of the version that is installed.
  staticDirs: [{ from: "../node_modules/msw/lib/mockServiceWorker.js", to: "/mockServiceWorker.js" }],
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
  viteFinal: (vite) => ({
    ...vite,
    // The app's build stands at /admin/, is packed, and has a manifest; this one is for looking at it from anywhere.
    base: "./",
    plugins: withoutPacking(vite.plugins ?? []),
    build: { ...vite.build, manifest: false, reportCompressedSize: false, chunkSizeWarningLimit: 4000 },
  }),
};

export default config;

function withoutPacking(plugins: PluginOption[]): PluginOption[] {
  return plugins.flatMap((plugin): PluginOption[] => {
    if (Array.isArray(plugin)) {
      return withoutPacking(plugin);
    }
    return plugin && "name" in plugin && plugin.name.includes("compression") ? [] : [plugin];
  });
}
