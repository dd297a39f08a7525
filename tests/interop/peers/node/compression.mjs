// ws as client of a server that accepts compression: `node compression.mjs client URL OTHER compression=on`.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { compression } from "../compression.mjs";
import { check, done, endWithInput } from "../harness.mjs";
import * as sample from "../sample.mjs";
import { standard } from "../standard.mjs";
import { Plain, compressing, connect, end, first, fragments, open, seen } from "./socket.mjs";

const [, url] = process.argv.slice(2);

endWithInput(() => process.exit());

for (const { name, run } of standard({ WebSocket: Plain, url, sample, exact: false, extensions: "permessage-deflate" })) await check(name, run);
for (const { name, run } of compression({ WebSocket: Plain, url, sample, answered: ({ answer }) => answer, settings })) await check(name, run);

await check("its text in compressed fragments that cut characters, with pings between them", async () => {
  const socket = await open("/echo");
  const text = sample.text(1000);
  await fragments(socket, Buffer.from(text), 30, { binary: false }, (part) => socket.ping(part));
  assert.equal((await first(socket, "message")).toString(), text);
  await end(socket);
});
await check("its compressed messages and plain ones in turn", async () => {
  const socket = await open("/echo");
  for (let i = 0; i < 100; i++) {
    socket.send(sample.own(i), { compress: i % 3 > 0 });
    assert.ok((await first(socket, "message")).equals(sample.own(i)));
  }
  await end(socket);
});

// An offer that we do not accept is declined, and nothing is compressed.
for (const [what, policy, offer] of [
  ["a window of 8 bits, which nobody can compress with, is declined", "", { server_max_window_bits: 8 }],
  ["an offer that does not let its window be limited, where we limit it, is declined", "client_max_window_bits=10", { client_max_window_bits: false }],
]) {
  await check(what, async () => {
    const socket = await open(`${await compressing(policy)}/echo`, settings(offer));
    assert.equal(socket.answer, "");
    socket.send(sample.text(65_536));
    assert.equal((await first(socket, "message")).toString(), sample.text(65_536));
    await end(socket);
  });
}

for (const [what, target] of [["in one frame", "size=100000&count=1"], ["in fragments", "size=10000&count=10"]]) {
  await check(`a message that is above its limit once it is inflated, ${what}: we see 1009`, async () => {
    const id = `bomb-${target.length}`;
    const socket = connect(`/parts?kind=text&${target}&id=${id}`, { maxPayload: 99_999 });
    const [error] = await once(socket, "error");
    assert.equal(error.code, "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH");
    const { code, clean, cause } = await seen(id);
    assert.deepEqual([code, clean, cause], [1009, true, "Peer"]);
  });
}

// Frames that no sender should make, masked with zeros. What is wrong with them: ../../src/compression.rs.
for (const [what, frames, code, error] of [
  ["a reserved block type", ["c1 06"], 1007, "InvalidDeflate"],
  ["a message that is cut short", ["c1 f248cdc9"], 1007, "InvalidDeflate"],
  ["a distance into nothing", ["c1 f200110000"], 1007, "InvalidDeflate"],
  ["text that inflates to no UTF-8", ["c1 000300fcffeda08000"], 1007, "InvalidUtf8"],
  ["RSV1 on a continuation", ["41 f248cd", "c0 c9c90700"], 1002, "ReservedBits"],
  ["RSV1 on a ping", ["c9 "], 1002, "ReservedBits"],
]) {
  await check(`${what}: it sees ${code}`, async () => {
    const id = `raw-${what.replaceAll(" ", "-")}`;
    const socket = await open(`/echo?id=${id}`);
    const closed = once(socket, "close");
    for (const frame of frames) {
      const [first, payload] = frame.split(" ").map((hex) => Buffer.from(hex, "hex"));
      socket.transport.write(Buffer.concat([first, Buffer.from([0x80 | payload.length, 0, 0, 0, 0]), payload]));
    }
    assert.equal((await closed)[0], code);
    assert.deepEqual(await seen(id), { code: 1006, reason: "", clean: false, cause: `Violation(${error})` });
  });
}

done();
process.exit();

/** The settings that make this offer. */
function settings(offer) {
  return {
    perMessageDeflate: {
      threshold: 0,
      serverNoContextTakeover: offer.server_no_context_takeover,
      clientNoContextTakeover: offer.client_no_context_takeover,
      serverMaxWindowBits: offer.server_max_window_bits,
      clientMaxWindowBits: offer.client_max_window_bits,
    },
  };
}
