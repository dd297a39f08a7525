// The checks that any client with the WebSocket interface of the web can carry out: ws on Node, and a page in a browser, into which this file
// is loaded as it is. It imports nothing therefore; the samples and the interface are handed in.

/**
 * The checks of the server at `url`, as `{ name, run }`.
 * `exact`: bufferedAmount counts the bytes of the messages and no other, as the standard says.
 * `extensions`: what the WebSocket has to tell of them.
 */
export function standard({ WebSocket, url, sample: { SIZES, binary, noise, text }, exact, extensions }) {
  const checks = [];
  const add = (name, run) => checks.push({ name, run });
  const http = url.replace("ws:", "http:");
  let lastId = 0;

  /** A socket whose events are waited for one after the other. */
  function talk(target, { protocols = [], binaryType = "arraybuffer" } = {}) {
    const socket = new WebSocket(url + target, protocols);
    socket.binaryType = binaryType;
    const events = [];
    let wake = () => {};
    for (const type of ["open", "message", "error", "close"]) {
      socket.addEventListener(type, (event) => {
        events.push(event);
        wake();
      });
    }
    const next = async (...types) => {
      while (events.length === 0) await new Promise((resolve) => wake = resolve);
      const event = events.shift();
      if (!types.includes(event.type)) throw new Error(`${event.type} ${event.code ?? event.message ?? ""}, and not ${types.join(" or ")}`);
      return event;
    };
    return { socket, next };
  }

  async function open(target, options) {
    const talking = talk(target, options);
    await talking.next("open");
    return talking;
  }

  async function end({ socket, next }) {
    socket.close();
    await next("close");
  }

  /** What the server saw of the end of a connection … */
  const seen = (id) => ask(`/close_event?id=${id}`);

  /** … and how many bytes of messages had come by then. */
  const received = (id) => ask(`/received?id=${id}`);

  async function ask(target) {
    const answer = await fetch(http + target);
    if (answer.status !== 200) throw new Error(await answer.text());
    return answer.json();
  }

  function same(is, should) {
    const [one, other] = [is, should].map((value) => JSON.stringify(value));
    if (one !== other) throw new Error(`${one.slice(0, 200)}, not ${other.slice(0, 200)}`);
  }

  function sameBytes(is, should) {
    if (is.length !== should.length) throw new Error(`${is.length} bytes, not ${should.length}`);
    const at = is.findIndex((byte, i) => byte !== should[i]);
    if (at >= 0) throw new Error(`byte ${at} is ${is[at]}, not ${should[at]}`);
  }

  async function echoText(target, size) {
    const talking = await open(target);
    const sent = text(size);
    talking.socket.send(sent);
    const { data } = await talking.next("message");
    if (data !== sent) throw new Error(`a text of ${data.length} units, not the same ${sent.length}`);
    await end(talking);
  }

  async function echoBinary(target, size) {
    const talking = await open(target);
    const sent = binary(size);
    talking.socket.send(sent.buffer);
    sameBytes(new Uint8Array((await talking.next("message")).data), sent);
    await end(talking);
  }

  async function echoBlob(target, size) {
    const talking = await open(target, { binaryType: "blob" });
    const sent = binary(size);
    talking.socket.send(new Blob([sent]));
    const { data } = await talking.next("message");
    if (!(data instanceof Blob)) throw new Error("not a Blob");
    sameBytes(new Uint8Array(await data.arrayBuffer()), sent);
    await end(talking);
  }

  for (const size of SIZES) {
    add(`text of ${size} bytes, echoed`, () => echoText("/echo", size));
    add(`an ArrayBuffer of ${size} bytes, echoed`, () => echoBinary("/echo", size));
    add(`a Blob of ${size} bytes, echoed as one`, () => echoBlob("/echo", size));
  }
  for (const size of [0, 65_536, 1 << 20, 16 << 20]) {
    add(`text of ${size} bytes, echoed in chunks`, () => echoText("/echo-chunks", size));
    add(`an ArrayBuffer of ${size} bytes, echoed in chunks`, () => echoBinary("/echo-chunks", size));
  }

  add("a thousand messages, echoed in order", async () => {
    const talking = await open("/echo");
    for (let i = 0; i < 1000; i++) talking.socket.send(`message ${i}`);
    for (let i = 0; i < 1000; i++) same((await talking.next("message")).data, `message ${i}`);
    await end(talking);
  });

  for (const [size, count] of [[1, 50], [125, 8], [126, 8], [65_536, 16]]) {
    add(`our text in ${count} fragments of ${size} bytes`, async () => {
      const talking = await open(`/parts?kind=text&size=${size}&count=${count}`);
      same((await talking.next("message")).data, text(size * count));
      await end(talking);
    });
    add(`our binary in ${count} fragments of ${size} bytes`, async () => {
      const talking = await open(`/parts?kind=binary&size=${size}&count=${count}`);
      sameBytes(new Uint8Array((await talking.next("message")).data), binary(size * count));
      await end(talking);
    });
  }

  for (const [code, reason] of [[1000, ""], [1000, "bye"], [3000, "né€😀"], [4999, text(123)]]) {
    add(`it closes with ${code} and a reason of ${new TextEncoder().encode(reason).length} bytes`, async () => {
      const id = `its-${++lastId}`;
      const { socket, next } = await open(`/echo?id=${id}`);
      socket.close(code, reason);
      const event = await next("close");
      same([event.code, event.reason, event.wasClean], [code, reason, true]);
      same(await seen(id), { code, reason, clean: true, cause: "Peer" });
    });
  }
  add("it closes with an empty Close", async () => {
    const id = `its-${++lastId}`;
    const { socket, next } = await open(`/echo?id=${id}`);
    socket.close();
    const event = await next("close");
    same([event.code, event.reason, event.wasClean], [1005, "", true]);
    same(await seen(id), { code: 1005, reason: "", clean: true, cause: "Peer" });
  });
  add("what it sent ahead of its Close is received", async () => {
    const id = `its-${++lastId}`;
    const { socket, next } = await open(`/echo?id=${id}`);
    for (let i = 0; i < 16; i++) socket.send(binary(1 << 20));
    socket.close(1000);
    let event;
    do event = await next("message", "close"); while (event.type === "message");
    same([event.code, event.wasClean], [1000, true]);
    same(await seen(id), { code: 1000, reason: "", clean: true, cause: "Peer" });
    same(await received(id), 16 << 20);
  });

  for (const [code, reason] of [[1000, ""], [1001, "leaving"], [1011, "broken"], [3000, "né€😀"], [4999, text(123)]]) {
    add(`we close with ${code} and a reason of ${new TextEncoder().encode(reason).length} bytes`, async () => {
      const id = `ours-${++lastId}`;
      const { next } = await open(`/close?code=${code}&reason=${encodeURIComponent(reason)}&id=${id}`);
      const event = await next("close");
      same([event.code, event.reason, event.wasClean], [code, reason, true]);
      const { code: answered, clean, cause } = await seen(id);
      same([answered, clean, cause], [code, true, "Local"]);
    });
  }
  add("we close with an empty Close", async () => {
    const id = `ours-${++lastId}`;
    const { next } = await open(`/close?id=${id}`);
    const event = await next("close");
    same([event.code, event.reason, event.wasClean], [1005, "", true]);
    same(await seen(id), { code: 1005, reason: "", clean: true, cause: "Local" });
  });

  add(extensions === "" ? "no extension is agreed on" : "compression is agreed on", async () => {
    const talking = await open("/echo");
    same(talking.socket.extensions, extensions);
    await end(talking);
  });
  for (const [protocols, chosen] of [[[], ""], [["chat.v1"], "chat.v1"], [["chat.v1", "chat.v2"], "chat.v2"], [["nope", "chat.v1"], "chat.v1"]]) {
    add(`subprotocols ${JSON.stringify(protocols)}`, async () => {
      const talking = await open("/echo", { protocols });
      same(talking.socket.protocol, chosen);
      talking.socket.send("hello");
      same((await talking.next("message")).data, "hello");
      await end(talking);
    });
  }
  add("of subprotocols that we do not speak none is chosen, which the standard for the web takes for a failure", async () => {
    const { next } = talk("/echo", { protocols: ["nope", "neither"] });
    await next("error");
    const event = await next("close");
    same([event.code, event.wasClean], [1006, false]);
  });

  add("a message at our limit is echoed, one above it answered with 1009", async () => {
    const id = `limit-${++lastId}`;
    const { socket, next } = await open(`/limit?bytes=1000&id=${id}`);
    socket.send(binary(1000));
    sameBytes(new Uint8Array((await next("message")).data), binary(1000));
    socket.send(binary(1001));
    same((await next("close")).code, 1009);
    same(await seen(id), { code: 1006, reason: "", clean: false, cause: "Violation(MessageTooBig)" });
  });
  add("it sees 1009 with 24 MiB under way", async () => {
    const { socket, next } = await open("/limit?bytes=1000");
    for (let i = 0; i < 24; i++) socket.send(noise(1 << 20));
    same((await next("close")).code, 1009);
  });
  add("one byte above 16 MiB is answered with 1009", async () => {
    const { socket, next } = await open("/echo");
    socket.send(binary((16 << 20) + 1));
    same((await next("close")).code, 1009);
  });

  add("bufferedAmount grows while we do not read, drains when we do, and all of it is received", async () => {
    const id = `slow-${++lastId}`;
    const [size, count] = [4 << 20, 8];
    const talking = await open(`/slow?id=${id}`);
    const { socket, next } = talking;
    same(socket.bufferedAmount, 0);
    for (let i = 0; i < count; i++) socket.send(noise(size));
    const queued = socket.bufferedAmount;
    if (queued < size * count || (exact && queued !== size * count)) throw new Error(`${queued} bytes are queued, not ${size * count}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // More than what the sockets of both ends and the browser's own pipes hold.
    if (socket.bufferedAmount === 0) throw new Error("it drained though nobody reads");
    await fetch(`${http}/release?id=${id}`);
    while (socket.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    socket.send("end");
    same((await next("message")).data, String(size * count));
    await end(talking);
  });

  add("a refusal with 401", async () => {
    const { next } = talk("/refuse?status=401");
    await next("error");
    const event = await next("close");
    same([event.code, event.wasClean], [1006, false]);
  });

  return checks;
}
