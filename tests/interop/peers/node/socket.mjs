// Sockets to our server at the URL of the command line, and what is asked of it.

import { once } from "node:events";
import WebSocket from "ws";

const [, url, , ...options] = process.argv.slice(2);
const compression = options.includes("compression=on");
const http = url.replace("ws:", "http:");

export class Plain extends WebSocket {
  constructor(address, protocols, settings) {
    // Without a context, what is shorter than the threshold would be left as it is.
    super(address, protocols, { perMessageDeflate: compression && { threshold: 0 }, ...settings });
    this.once("upgrade", ({ headers, socket }) => {
      this.answer = headers["sec-websocket-extensions"] ?? "";
      this.transport = socket;
    });
  }
}

export function connect(target, { protocols = [], ...settings } = {}) {
  const address = target.startsWith("ws:") ? target : url + target;
  return new Plain(address, protocols, settings);
}

export async function open(target, settings) {
  const socket = connect(target, settings);
  await first(socket, "open");
  return socket;
}

/** What the event brings; an error meanwhile is thrown. */
export async function first(socket, event) {
  const [value] = await once(socket, event);
  return value;
}

export async function end(socket) {
  socket.close();
  await once(socket, "close");
}

export async function fragments(socket, data, size, settings, between = () => {}) {
  for (let at = 0; at < data.length; at += size) {
    const part = data.subarray(at, at + size);
    socket.send(part, { ...settings, fin: at + size >= data.length });
    if (at + size < data.length) between(part);
    else return between(part);
  }
}

/** What the server saw of the end of a connection. */
export async function seen(id) {
  return (await fetch(`${http}/close_event?id=${id}`)).json();
}

/** The address of a server that accepts compression so. */
export async function compressing(query) {
  return (await fetch(`${http}/compressing?${query}`)).text();
}
