// Chromium as client: a page carries out the checks of every client with the interface of the web; what only a browser has is looked at from
// outside. `node client.mjs client URL OTHER compression=off`; Chromium offers compression always, and takes the answer that there is none.

import { strict as assert } from "node:assert";
import { check, done, endWithInput } from "../harness.mjs";
import { finish, load, run, visit } from "./page.mjs";

const [, url, other] = process.argv.slice(2);
const [here, there] = [url, other].map((address) => address.replace("ws:", "http:"));

endWithInput(finish);

const page = await load(`${here}/page`, ["sample", "standard"]);
await page.evaluate(`globalThis.checks = modules.standard.standard({ WebSocket, url: "${url}", sample: modules.sample, exact: true, extensions: "" }), 0`);
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
    assert.deepEqual(await (await fetch(`${here}/close_event?id=${id}`)).json(), { code: 1001, reason: "", clean: true, cause: "Peer" });
  });
}

done();
await finish();

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
