// ws as server: the paths of ../../src/checks.rs. `node server.mjs server compression=off`; with compression=on it goes by the query.

import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { binary, text } from "../sample.mjs";

const [, ...options] = process.argv.slice(2);
const compression = options.includes("compression=on");
const LIMIT = 16 << 20;
const PROTOCOLS = ["chat.v2", "chat.v1"];

const closeEvents = new Map();

const paths = {
  "/echo": echo,
  "/limit": echo,
  "/close"(socket, query) {
    if (query.has("code")) socket.close(Number(query.get("code")), query.get("reason") ?? "");
    else socket.close();
  },
  "/abort": (socket) => socket.terminate(),
  "/ping"(socket, query) {
    socket.on("pong", (data) => socket.send(data.toString()));
    socket.ping(query.get("data") ?? "");
  },
  "/parts"(socket, query) {
    const [size, count] = [Number(query.get("size")), Number(query.get("count"))];
    const kind = query.get("kind");
    const whole = kind === "text" ? Buffer.from(text(size * count)) : binary(size * count);
    for (let i = 0; i < count; i++) {
      socket.send(whole.subarray(i * size, (i + 1) * size), { binary: kind === "binary", fin: i === count - 1 });
    }
  },
  "/zeros": (socket, query) => socket.send(Buffer.alloc(Number(query.get("bytes")))),
  "/raw": (socket, query, request, transport) => transport.write(Buffer.from(query.get("hex"), "hex")),
  "/request"(socket, query, request) {
    socket.send(JSON.stringify({ target: request.url, headers: request.headers }));
  },
  async "/close_event"(socket, query) {
    socket.send(JSON.stringify(await closeEvent(query.get("id")).promise));
  },
};

function echo(socket) {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
}

/** What it adds to the client's offer. */
function policy(query) {
  const bits = (name) => query.has(name) ? Number(query.get(name)) : undefined;
  return {
    // Where no context is taken over it leaves what is shorter as it is.
    threshold: 0,
    // `false` would not let the client have it.
    serverNoContextTakeover: query.has("server_no_context_takeover") || undefined,
    clientNoContextTakeover: query.has("client_no_context_takeover") || undefined,
    serverMaxWindowBits: bits("server_max_window_bits"),
    clientMaxWindowBits: bits("client_max_window_bits"),
  };
}

/** What came of a client's Close, once it came. */
function closeEvent(id) {
  if (!closeEvents.has(id)) {
    const entry = {};
    entry.promise = new Promise((resolve) => entry.resolve = resolve);
    closeEvents.set(id, entry);
  }
  return closeEvents.get(id);
}

const server = createServer((request, response) => response.writeHead(426).end());
server.on("upgrade", (request, socket, head) => {
  const { pathname, searchParams: query } = new URL(request.url, "http://127.0.0.1");
  const answer = (status) => {
    const lines = ["X-Interop: yes", "Content-Length: 8", "Connection: close"];
    socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join("\r\n")}\r\n\r\nnot you\n`);
  };
  const { origin } = request.headers;
  if (origin !== undefined && origin !== "http://127.0.0.1") return answer(403);
  if (pathname === "/refuse") return answer(query.get("status"));
  if (!paths[pathname]) return answer(404);
  const upgrade = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: pathname === "/limit" ? Number(query.get("bytes")) : LIMIT,
    perMessageDeflate: compression && policy(query),
    handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  });
  upgrade.on("headers", (headers) => headers.push("X-Interop: yes"));
  const transport = socket;
  upgrade.handleUpgrade(request, socket, head, (socket) => {
    socket.on("error", () => {}); // It closes by itself.
    const id = query.get("id");
    if (id && pathname !== "/close_event") {
      socket.on("close", (code, reason) => closeEvent(id).resolve({ code, reason: reason.toString() }));
    }
    paths[pathname](socket, query, request, transport);
  });
});
server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
process.stdin.on("end", () => process.exit()).resume();
