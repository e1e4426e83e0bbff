// Bundles the admin pages' script and stylesheet into the package; `make setup` runs it.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const OUT = "../src/largesse/static/admin";
const FILES = ["admin.js", "admin.css", "icon.svg"];

mkdirSync(OUT, { recursive: true });
await build({
  entryPoints: ["src/admin.js", "src/admin.css"],
  bundle: true,
  minify: true,
  target: ["es2022", "chrome123", "firefox121", "safari17.5"],
  legalComments: "inline",
  outdir: OUT,
});
copyFileSync("src/icon.svg", `${OUT}/icon.svg`);
for (const name of FILES) {
  writeFileSync(`${OUT}/${name}.gz`, gzipSync(readFileSync(`${OUT}/${name}`), { level: 9 }));
}
