// Chromium as client of a server that accepts compression: `node compression.mjs client URL OTHER compression=on`. What it offers cannot be set.

import { check, done, endWithInput } from "../harness.mjs";
import { finish, load, run } from "./page.mjs";

const [, url] = process.argv.slice(2);

endWithInput(finish);

const page = await load(`${url.replace("ws:", "http:")}/page`, ["sample", "standard", "compression"]);
await page.evaluate(`{
  const { sample, standard: { standard }, compression: { compression } } = modules;
  const common = { WebSocket, url: "${url}", sample };
  globalThis.checks = [
    ...standard({ ...common, exact: true, extensions: "permessage-deflate" }),
    ...compression({ ...common, answered: ({ extensions }) => extensions, settings: null }),
  ];
  0;
}`);
const names = await page.evaluate("checks.map(({ name }) => name)");
for (const [i, name] of names.entries()) await check(name, () => run(page, `checks[${i}].run()`));

done();
await finish();
