// The checks of compression, RFC 7692, that any client with the WebSocket interface of the web can carry out, as those in standard.mjs; loaded into a page
// too, and with nothing imported therefore. What is looked at is told in ../src/compression.rs.

/**
 * The checks of our server at `url`, as `{ name, run }`.
 * `answered`: the extensions in the 101 that a socket had.
 * `settings`: of an offer as `{ server_no_context_takeover, … }`, the third argument of WebSocket; null if it offers what it offers, and nothing can be set.
 */
export function compression({ WebSocket, url, sample: { SIZES, binary, chat, noise, own, prepared, repeat }, answered, settings }) {
  const checks = [];
  const add = (name, run) => checks.push({ name, run });
  const http = url.replace("ws:", "http:");

  /** An open socket, whose messages are waited for one after the other. */
  async function open(address, third) {
    const socket = third === undefined ? new WebSocket(address) : new WebSocket(address, [], third);
    socket.binaryType = "arraybuffer";
    const messages = [];
    let closed = null;
    let wake = () => {};
    const wait = () => new Promise((resolve) => wake = resolve);
    socket.addEventListener("message", ({ data }) => { messages.push(data); wake(); });
    socket.addEventListener("close", (event) => { closed = event; wake(); });
    socket.addEventListener("error", () => {});
    const next = async () => {
      while (messages.length === 0) {
        if (closed) throw new Error(`closed with ${closed.code}`);
        await wait();
      }
      return messages.shift();
    };
    const close = async () => {
      while (!closed) await wait();
      return closed;
    };
    while (socket.readyState === 0) await new Promise((resolve) => {
      for (const type of ["open", "close"]) socket.addEventListener(type, resolve);
    });
    if (socket.readyState !== 1) throw new Error("it does not open");
    return { socket, next, close };
  }

  async function end({ socket, close }) {
    socket.close(1000);
    const { code } = await close();
    if (code !== 1000) throw new Error(`at the end ${code}`);
  }

  /** The address of a server that accepts compression so. */
  async function compressing(policy) {
    const answer = await fetch(`${http}/compressing?${policy}`);
    if (!answer.ok) throw new Error(await answer.text());
    return answer.text();
  }

  async function seen(id) {
    return (await fetch(`${http}/close_event?id=${id}`)).json();
  }

  function same(is, should) {
    const [one, other] = [is, should].map((value) => JSON.stringify(value));
    if (one !== other) throw new Error(`${one.slice(0, 200)}, not ${other.slice(0, 200)}`);
  }

  function sameBytes(buffer, should) {
    const is = new Uint8Array(buffer);
    if (is.length !== should.length) throw new Error(`${is.length} bytes, not ${should.length}`);
    const at = is.findIndex((byte, i) => byte !== should[i]);
    if (at >= 0) throw new Error(`byte ${at} is ${is[at]}, not ${should[at]}`);
  }

  function within(what, bytes, least, most) {
    if (bytes < least || bytes >= most) throw new Error(`${what}: ${bytes} bytes, and not ${least} to ${most}`);
  }

  /** Sends messages to /counted, takes their echoes, and tells what that took on the wire. */
  async function exchange({ socket, next }, messages) {
    const count = async () => {
      socket.send("?");
      return JSON.parse(await next());
    };
    const before = await count();
    for (const message of messages) socket.send(message);
    for (const message of messages) sameBytes(await next(), message);
    const after = await count();
    return { its: after.read - before.read, ours: after.written - before.written };
  }

  /** Whether each end refers to its messages before. */
  async function takeover(talking, agreed) {
    const { its, ours } = await exchange(talking, Array(20).fill(repeat(noise(100), 2)));
    const expected = (fresh) => fresh ? [1600, 4400] : [0, 1000];
    within("of 4000 bytes, its on the wire", its, ...expected(agreed.client_no_context_takeover));
    within("of 4000 bytes, ours on the wire", ours, ...expected(agreed.server_no_context_takeover));
  }

  /** Whether each end refers as far back as its window reaches, and no farther. */
  async function windows(talking, agreed) {
    for (const [whose, bits, seed] of [["its", agreed.client_max_window_bits ?? 15, 10], ["ours", agreed.server_max_window_bits ?? 15, 11]]) {
      // Farther than half a window, which is the next smaller one; but zlib keeps 262 bytes of the smallest to itself.
      const near = repeat(noise(Math.min(2 ** (bits - 1) + 1, 2 ** bits - 270), seed), 8);
      within(`of ${near.length} bytes, ${whose} on the wire`, (await exchange(talking, [near]))[whose], 0, near.length * 6 / 10);
      const far = repeat(noise(2 ** bits + 1, seed + 10), 4);
      within(`of ${far.length} bytes, ${whose} on the wire`, (await exchange(talking, [far]))[whose], far.length * 9 / 10, far.length + 200);
    }
  }

  /** Small and large ones, such as get smaller and such as do not: the windows stay the same. */
  async function mixture({ socket, next }) {
    for (let i = 0; i < 40; i++) {
      const messages = [own(i), noise(500, i), new Uint8Array(0), binary(3000)];
      for (const message of messages) socket.send(message);
      for (const message of messages) sameBytes(await next(), message);
    }
  }

  const NAMES = ["server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits"];
  const said = (agreed) => NAMES.filter((name) => agreed[name]).map((name) => agreed[name] === true ? name : `${name}=${agreed[name]}`);

  function negotiated(name, agreed, answer, policy, offer) {
    for (const pool of ["", "&pool=1"]) {
      add(name + (pool && ", our compressors in a pool"), async () => {
        const address = `${await compressing(policy + pool)}/counted`;
        const talking = await (offer ? open(address, settings(offer)) : open(address));
        same(answered(talking.socket), ["permessage-deflate", ...answer].join("; "));
        await takeover(talking, agreed);
        await windows(talking, agreed);
        await mixture(talking);
        await end(talking);
      });
    }
  }

  const takeovers = [
    ["both take their context over", {}],
    ["it alone takes its context over", { server_no_context_takeover: true }],
    ["we alone take our context over", { client_no_context_takeover: true }],
    ["none takes its context over", { server_no_context_takeover: true, client_no_context_takeover: true }],
  ];
  const sizes = [];
  for (let bits = 9; bits <= 15; bits++) sizes.push([`windows of ${bits} bits`, { server_max_window_bits: bits, client_max_window_bits: bits }]);
  const mixed = [[9, 15], [15, 9], [12, 10]].map(([server, client]) =>
    [`none takes over, windows of ${server} and ${client} bits`, { ...takeovers[3][1], server_max_window_bits: server, client_max_window_bits: client }]);
  const limit = (bits) => bits < 15 ? bits : undefined;
  for (const [name, agreed] of [...takeovers, ...sizes, ...mixed]) {
    const { server_max_window_bits: server, client_max_window_bits: client } = agreed;
    // 15 is what holds where nothing is said.
    const added = said({ ...agreed, server_max_window_bits: limit(server), client_max_window_bits: limit(client) });
    negotiated(`${name}, by our policy`, agreed, added, added.join("&"));
    // What was offered for our window is answered with; its own is the client's matter.
    if (settings) negotiated(`${name}, offered`, agreed, said({ ...agreed, client_max_window_bits: limit(client) }), "", agreed);
  }

  for (const size of SIZES) {
    add(`noise of ${size} bytes, echoed`, async () => {
      const talking = await open(`${url}/echo`);
      talking.socket.send(noise(size));
      sameBytes(await talking.next(), noise(size));
      await end(talking);
    });
  }
  add("a thousand messages of a chat, echoed in order, in a third of their bytes", async () => {
    const talking = await open(`${url}/counted`);
    const messages = Array.from({ length: 1000 }, (_, i) => new TextEncoder().encode(chat(i)));
    const whole = messages.reduce((sum, { length }) => sum + length, 0);
    const { its, ours } = await exchange(talking, messages);
    within(`of ${whole} bytes, its on the wire`, its, 0, whole / 3);
    within(`of ${whole} bytes, ours on the wire`, ours, 0, whole / 3);
    await end(talking);
  });
  for (const policy of ["", "server_no_context_takeover", "server_max_window_bits=9", "pool=1"]) {
    add(`our prepared messages between others, ${policy || "by the default policy"}`, async () => {
      const talking = await open(`${await compressing(policy)}/prepared?count=50`);
      for (let i = 0; i < 50; i++) {
        sameBytes(await talking.next(), own(i));
        sameBytes(await talking.next(), prepared());
      }
      await end(talking);
    });
  }
  for (const [size, target] of [[64 << 20, "/limit?bytes=1000"], [64 << 20, "/echo?"], [(16 << 20) + 1, "/echo?"]]) {
    add(`${size} zeros, to ${target}: above our limit`, async () => {
      const id = `zeros-${size}-${target.length}`;
      const { socket, close } = await open(`${url}${target}&id=${id}`);
      socket.send(new Uint8Array(size));
      same((await close()).code, 1009);
      same(await seen(id), { code: 1006, reason: "", clean: false, cause: "Violation(MessageTooBig)" });
    });
  }
  return checks;
}
