// Builds the front ends into the folder that is given: `node build.mjs OUT`.
// Each file's name holds the hash of its content, so that browsers may keep it for ever;
// `names.json` says which is which of the widget, `desk/manifest.json` of the desk.

import { build } from "esbuild";
import { build as buildDesk } from "vite";
import { basename, resolve } from "node:path";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";

const out = process.argv[2];
if (!out) throw new Error("usage: node build.mjs OUT");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const built = await build({
  entryPoints: { widget: "widget/main.ts" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2020"],
  charset: "utf8",
  legalComments: "none",
  entryNames: "[name]-[hash]",
  loader: { ".css": "text" },
  metafile: true,
});
const names = {};
for (const [file, facts] of Object.entries(built.metafile.outputs)) {
  if (facts.entryPoint) names[basename(file).replace(/-[A-Z0-9]+\.js$/, ".js")] = basename(file);
}
writeFileSync(`${out}/names.json`, JSON.stringify(names) + "\n");

await buildDesk({
  configFile: "vite.config.mjs",
  logLevel: "warn",
  build: { outDir: resolve(out, "desk"), emptyOutDir: true },
});
