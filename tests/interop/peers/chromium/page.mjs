// The browser and its pages, in which our modules run.

import { readFile } from "node:fs/promises";
import { Chromium } from "../../../browser/chromium.mjs";

// A page that is left would be kept with its connection, for the way back.
const browser = await Chromium.launch(process.env.CHROMIUM ?? "chromium", ["--disable-features=BackForwardCache"]);

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, finish);

export async function finish() {
  await browser.close();
  process.exit();
}

export async function visit(address) {
  const page = await browser.open(address);
  await page.until(`location.href === "${address}" && document.readyState === "complete"`);
  return page;
}

/** A page in which modules of ours, by their names, are there as `modules`. */
export async function load(address, names) {
  const page = await visit(address);
  // Else the browser tells us each message, as JSON.
  await page.call("Network.disable");
  const imports = await Promise.all(names.map(async (name) => {
    const source = await readFile(new URL(`../${name}.mjs`, import.meta.url));
    return `import("data:text/javascript;base64,${source.toString("base64")}").then((module) => modules.${name} = module)`;
  }));
  await page.evaluate(`globalThis.modules = {}, Promise.all([${imports}]).then(() => {})`);
  return page;
}

/** Evaluates; what is thrown there is thrown here, without the expression. */
export async function run(page, expression) {
  const why = await page.evaluate(`Promise.resolve(${expression}).then(() => null, (error) => error.message)`);
  if (why !== null) throw new Error(why);
}
