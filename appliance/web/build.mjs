// Builds the front ends: `node build.mjs OUT MAPS`. Source maps go to MAPS, and are never shipped.
// Each file's name holds the hash of its content, so that browsers may keep it for ever;
// `names.json` says which is which of the widget, `desk/manifest.json` of the desk.

import { build } from "esbuild";
import { build as buildDesk } from "vite";
import { basename, join, resolve } from "node:path";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const [out, maps] = process.argv.slice(2);
if (!out || !maps) throw new Error("usage: node build.mjs OUT MAPS");
for (const folder of [out, maps]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

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
  build: { outDir: resolve(out, "desk"), emptyOutDir: true, sourcemap: "hidden" }, // no script names its map
});
for (const name of readdirSync(join(out, "desk"))) {
  if (!name.endsWith(".map")) continue;
  copyFileSync(join(out, "desk", name), join(maps, name));
  rmSync(join(out, "desk", name));
}

// Gzipped here, once: the server sends these to whoever takes them.
for (const name of readdirSync(out, { recursive: true })) {
  const whole = /\.(js|css)$/.test(name) ? readFileSync(join(out, name)) : "";
  if (whole.length > 1000) writeFileSync(join(out, `${name}.gz`), gzipSync(whole, { level: 9 }));
}
