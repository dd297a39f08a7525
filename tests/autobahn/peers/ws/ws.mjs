// ws: `node ws.mjs server 127.0.0.1:PORT`, or `node ws.mjs client URL-WITHOUT-THE-NUMBER CASES`.

import WebSocket, { WebSocketServer } from "ws";

const [role, where, cases] = process.argv.slice(2);

function echo(socket) {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    socket.on("error", () => {}); // It closes by itself.
}

if (role === "server") {
    const [host, port] = where.split(":");
    // Its client compresses by default, its server if one asks for it.
    new WebSocketServer({ host, port: Number(port), perMessageDeflate: true }).on("connection", echo);
} else {
    for (let number = 1; number <= Number(cases); number++) {
        const socket = new WebSocket(where + number);
        echo(socket);
        await new Promise((over) => socket.on("close", over));
    }
}
