import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compression } from "vite-plugin-compression2";

const gateway = `http://127.0.0.1:${process.env.TICKETS_HTTP_PORT ?? "8080"}`;
const calls =
  "^/(admin/(tickets|me|members|exports|attachments|saved-views|notifications|webhooks|sla-policies|calendars)" +
  "|tickets|session|login|logout|rodistaa-tickets)";

/** The gateway serves the build: the page for navigations, hashed files at /admin/assets/, packed where there is a .br or .gz. */
export default defineConfig({
  base: "/admin/",
  plugins: [react(), compression({ algorithms: ["gzip", "brotliCompress"], threshold: 1024 })],
  resolve: {
    alias: {
      "@": fileURLToPath(new URL("./src", import.meta.url)),
    },
  },
  build: {
    target: "es2023",
    manifest: true,
    chunkSizeWarningLimit: 1500,
    // All that every page needs is one file: cut up by who shares what it would be forty, six at a time.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "app", test: /[\\/]src[\\/]main\.tsx$/ }] } } },
  },
  server: {
    // `npm run dev` beside a running gateway: calls go there, views come from Vite.
    proxy: {
      [calls]: {
        target: gateway,
        bypass: (request) =>
          request.url?.startsWith("/admin/") && request.headers.accept?.includes("text/html")
            ? "/admin/index.html"
            : null,
      },
    },
  },
});
