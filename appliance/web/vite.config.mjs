// The desk: a single-page application; see desk/routes.ts for what is where.

import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({
  root: "desk",
  base: "/desk/",
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: "true", // Element Plus has components in it
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_I18N_FULL_INSTALL__: "false",
    __VUE_I18N_LEGACY_API__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
  },
  build: {
    target: "es2022",
    manifest: "manifest.json",
    assetsDir: "",
    assetsInlineLimit: 0, // the page's policy takes files from the program alone
    reportCompressedSize: false,
    rollupOptions: { input: "desk/main.ts" },
  },
  test: { root: ".", include: ["client/**/*.test.ts", "desk/**/*.test.ts"] },
});
