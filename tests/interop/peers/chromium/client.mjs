// Chromium as client: a page carries out the checks of every client with the interface of the web; what only a browser has is looked at from
// outside. `node client.mjs client URL OTHER compression=off`; Chromium offers compression always, and takes the answer that there is none.

import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { Chromium } from "../../../browser/chromium.mjs";
import { check, done, endWithInput } from "../harness.mjs";

const [, url, other] = process.argv.slice(2);
const [here, there] = [url, other].map((address) => address.replace("ws:", "http:"));

// A page that is left would be kept with its connection, for the way back.
const browser = await Chromium.launch(process.env.CHROMIUM ?? "chromium", ["--disable-features=BackForwardCache"]);
endWithInput(finish);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, finish);

const page = await visit(`${here}/page`);
// Else the browser tells us each message, as JSON.
await page.call("Network.disable");
await page.evaluate(`Promise.all([${await module("sample.mjs")}, ${await module("standard.mjs")}])
  .then(([sample, { standard }]) => { globalThis.checks = standard({ WebSocket, url: "${url}", sample, exact: true }); })`);
const names = await page.evaluate("checks.map(({ name }) => name)");
for (const [i, name] of names.entries()) await check(name, () => run(page, `checks[${i}].run()`));

await check("its offer of compression is declined", async () => {
  const told = await page.evaluate(`new Promise((tell, fail) => {
    const socket = new WebSocket("${url}/request");
    socket.onmessage = ({ data }) => { tell([data, socket.extensions]); socket.close(); };
    socket.onerror = () => fail(new Error("refused"));
  })`);
  const offers = JSON.parse(told[0]).headers.filter(([name]) => name.toLowerCase() === "sec-websocket-extensions");
  assert.deepEqual([offers, told[1]], [[["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"]], ""]);
});
await check("a page of our own host is let in", async () => {
  const { opened } = await knock(await visit(`${there}/page`), other);
  assert.ok(opened);
});
for (const [whose, address, frame] of [["of another port", `${there}/page`, false], ["in a sandbox, whose Origin is null,", `${here}/page`, true]]) {
  await check(`a page ${whose} is refused with 403`, async () => {
    const visitor = await visit(address);
    const before = await refusals();
    assert.deepEqual(await knock(visitor, url, frame), { opened: false, error: true, code: 1006, clean: false });
    assert.deepEqual((await refusals()).slice(before.length), [{ status: 403, error: "ForbiddenOrigin" }]);
    // A frame in a sandbox complains elsewhere.
    if (!frame) assert.match(visitor.complaints.join("\n"), /Unexpected response code: 403/);
    await visitor.close();
  });
}

for (const [what, leave] of [
  ["a page that is left", (visitor) => visitor.call("Page.navigate", { url: `${there}/page` })],
  ["a page that is loaded again", (visitor) => visitor.reload()],
  ["a tab that is closed", (visitor) => visitor.close()],
]) {
  await check(`${what} closes with 1001`, async () => {
    const id = what.replaceAll(" ", "-");
    const visitor = await visit(`${here}/page`);
    await run(visitor, `new Promise((open) => (globalThis.socket = new WebSocket("${url}/echo?id=${id}")).onopen = open).then(() => {})`);
    await leave(visitor);
    assert.deepEqual(await (await fetch(`${here}/closure?id=${id}`)).json(), { code: 1001, reason: "", clean: true, cause: "Peer" });
  });
}

done();
await finish();

async function visit(address) {
  const page = await browser.open(address);
  await page.until(`location.href === "${address}" && document.readyState === "complete"`);
  return page;
}

async function finish() {
  await browser.close();
  process.exit();
}

/** The expression that imports one of our modules into a page. */
async function module(name) {
  const source = await readFile(new URL(`../${name}`, import.meta.url));
  return `import("data:text/javascript;base64,${source.toString("base64")}")`;
}

/** Evaluates; what is thrown there is thrown here, without the expression. */
async function run(page, expression) {
  const why = await page.evaluate(`Promise.resolve(${expression}).then(() => null, (error) => error.message)`);
  if (why !== null) throw new Error(why);
}

/** What becomes of a page's connection, or of that of a frame with an origin of its own in it. */
async function knock(visitor, address, frame = false) {
  const script = `(tell) => {
    const socket = new WebSocket("${address}/echo");
    let error = false;
    socket.onopen = () => { tell({ opened: true }); socket.close(); };
    socket.onerror = () => { error = true; };
    socket.onclose = ({ code, wasClean: clean }) => tell({ opened: false, error, code, clean });
  }`;
  if (!frame) return visitor.evaluate(`new Promise(${script})`);
  return visitor.evaluate(`new Promise((tell) => {
    onmessage = ({ data }) => tell(data);
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = ${JSON.stringify(`<script>(${script})((what) => parent.postMessage(what, "*"))</script>`)};
    document.body.append(frame);
  })`);
}

async function refusals() {
  return (await fetch(`${here}/refusals`)).json();
}
