// Four pages, one folder of static files. Nothing is inlined, so that a strict content security policy holds.
import { defineConfig } from "vite";

const pages = ["index", "viewer", "chat", "study"];

export default defineConfig({
  base: "/",
  build: {
    outDir: "../src/nonverbal/serve/pages",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: { input: Object.fromEntries(pages.map((name) => [name, `${name}.html`])) },
  },
});
