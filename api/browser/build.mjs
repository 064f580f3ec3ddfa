// Builds both pages into dist/: a script, a style sheet, a reader or writer of codes, and a worker that keeps them.

import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { build } from "esbuild";

const DIST = new URL("dist/", import.meta.url).pathname;
const require = createRequire(import.meta.url);
const PAGES = {
  scanner: require.resolve("zxing-wasm/reader/zxing_reader.wasm"),
  phone: require.resolve("zxing-wasm/writer/zxing_writer.wasm"),
};
const COMMON = { bundle: true, minify: true, target: "es2022", legalComments: "none", logLevel: "warning" };

await rm(DIST, { recursive: true, force: true });
for (const [page, wasm] of Object.entries(PAGES)) {
  const folder = `${DIST}${page}/`;
  await mkdir(folder, { recursive: true });
  await build({ ...COMMON, entryPoints: [`${page}/main.ts`, `${page}/style.css`], outdir: folder, format: "esm" });
  await cp(wasm, `${folder}zxing.wasm`);
  await cp("view/icon.svg", `${folder}icon.svg`);
  for (const name of ["index.html", "manifest.webmanifest"]) await cp(`${page}/${name}`, folder + name);
  await build({
    ...COMMON,
    entryPoints: ["worker/worker.ts"],
    outdir: folder,
    // Another content is another version, which the browser then fetches whole.
    define: { FILES: JSON.stringify((await readdir(folder)).sort()), VERSION: JSON.stringify(await version(folder)) },
  });
}

async function version(folder) {
  const hash = createHash("sha256");
  for (const name of (await readdir(folder)).sort()) hash.update(name).update(await readFile(folder + name));
  return hash.digest("hex").slice(0, 16);
}
