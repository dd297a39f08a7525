// ws as client: the checks of every client with the interface of the web, then those of what only ws has.
// `node client.mjs client URL OTHER compression=off`.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { check, done, endWithInput } from "../harness.mjs";
import * as sample from "../sample.mjs";
import { standard } from "../standard.mjs";
import { Plain, connect, end, first, fragments, open, seen } from "./socket.mjs";

const [, url, other] = process.argv.slice(2);
const http = url.replace("ws:", "http:");

endWithInput(() => process.exit());

for (const { name, run } of standard({ WebSocket: Plain, url, sample, exact: false, extensions: "" })) await check(name, run);

for (const size of [0, 4, 125]) {
  await check(`its ping of ${size} bytes, answered`, async () => {
    const socket = await open("/echo");
    const data = sample.binary(size);
    socket.ping(data);
    assert.deepEqual(await first(socket, "pong"), Buffer.from(data));
    await end(socket);
  });
  await check(`our ping of ${size} bytes, answered`, async () => {
    const data = "p".repeat(size);
    const socket = connect(`/ping?data=${data}`);
    const [pinged, told] = await Promise.all([first(socket, "ping"), first(socket, "message")]);
    assert.deepEqual([pinged.toString(), told.toString()], [data, data]);
    await end(socket);
  });
}

await check("its text in fragments that cut characters, with pings between them", async () => {
  const socket = await open("/echo");
  const text = sample.text(100);
  const pongs = [];
  socket.on("pong", (data) => pongs.push(data));
  await fragments(socket, Buffer.from(text), 3, { binary: false }, (part) => socket.ping(part));
  assert.equal((await first(socket, "message")).toString(), text);
  // The last ping was sent behind the message.
  while (pongs.length < 34) await once(socket, "pong");
  assert.equal(Buffer.concat(pongs).toString(), text);
  await end(socket);
});
for (const target of ["/echo", "/echo-chunks"]) {
  await check(`its 16 MiB in fragments of 10,000 bytes, to ${target}`, async () => {
    const socket = await open(target);
    const data = Buffer.from(sample.binary(16 << 20));
    await fragments(socket, data, 10_000, { binary: true });
    assert.ok(data.equals(await first(socket, "message")));
    await end(socket);
  });
}

await check("its headers and its target reach us, and our header it", async () => {
  const socket = connect("/request?a=%20b&c", { headers: { "X-Sent": "one, two" }, protocols: ["nope", "chat.v1"], origin: http });
  const [upgrade, told] = await Promise.all([first(socket, "upgrade"), first(socket, "message")]);
  assert.equal(upgrade.headers["x-interop"], "yes");
  const { target, origin, protocols, headers } = JSON.parse(told);
  assert.deepEqual([target, origin, protocols], ["/request?a=%20b&c", http, ["nope", "chat.v1"]]);
  assert.deepEqual(headers.filter(([name]) => name.toLowerCase() === "x-sent"), [["X-Sent", "one, two"]]);
  assert.equal(socket.protocol, "chat.v1");
  await end(socket);
});
for (const [whose, origin] of [["another host", "http://elsewhere.example"], ["another port", other.replace("ws:", "http:")], ["no page", "null"]]) {
  await check(`the Origin of ${whose} is refused with 403`, async () => {
    assert.equal((await refusal("/echo", { origin })).statusCode, 403);
  });
}
await check("a refusal with 401, its header and its body", async () => {
  const response = await refusal("/refuse?status=401");
  assert.deepEqual([response.statusCode, response.headers["x-interop"]], [401, "yes"]);
  assert.equal(Buffer.concat(await response.toArray()).toString(), "not you\n");
});
await check("a path that is not there is refused with 404", async () => {
  assert.equal((await refusal("/nowhere")).statusCode, 404);
});

await check("an offer of compression is declined", async () => {
  const socket = connect("/echo", { perMessageDeflate: true });
  await first(socket, "open");
  assert.equal(socket.extensions, "");
  socket.send(sample.text(65_536));
  assert.equal((await first(socket, "message")).toString(), sample.text(65_536));
  await end(socket);
});

for (const [what, target] of [["in one frame", "size=1001&count=1"], ["in fragments", "size=100&count=11"]]) {
  await check(`a message above its limit, ${what}: we see 1009`, async () => {
    const id = `limit-${target.length}`;
    const socket = connect(`/parts?kind=binary&${target}&id=${id}`, { maxPayload: 1000 });
    const [error] = await once(socket, "error");
    assert.equal(error.code, "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH");
    const { code, clean, cause } = await seen(id);
    assert.deepEqual([code, clean, cause], [1009, true, "Peer"]);
  });
}
await check("it drops the connection without a Close", async () => {
  const socket = await open("/echo?id=dropped");
  socket.terminate();
  assert.deepEqual(await seen("dropped"), { code: 1006, reason: "", clean: false, cause: "Eof" });
});

done();
process.exit();

/** The answer to a request that is refused. */
async function refusal(target, settings) {
  const socket = connect(target, settings);
  const [, response] = await once(socket, "unexpected-response");
  return response;
}
