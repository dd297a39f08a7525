"""websockets as server: the paths of ../../src/checks.rs. `python server.py server compression=off`; with compression=on it goes by the query."""

import asyncio
import json
import logging
import sys
from collections import defaultdict
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from sample import binary, cut, text

COMPRESSION = "compression=on" in sys.argv
LIMIT = 16 << 20
# How connections ended is asked for at /close_event.
logging.getLogger("websockets").addHandler(logging.NullHandler())
PROTOCOLS = ["chat.v2", "chat.v1"]


async def echo(socket, query):
    async for message in socket:
        await socket.send(message)


async def close(socket, query):
    if "code" in query:
        await socket.close(int(query["code"]), query.get("reason", ""))
    else:
        # Its own close() always has a code.
        async with socket.send_context():
            socket.protocol.send_close()
        await socket.wait_closed()


async def abort(socket, query):
    socket.transport.abort()


async def ping(socket, query):
    data = query.get("data", "")
    # What is waited for is the pong with this payload.
    await (await socket.ping(data))
    await socket.send(data)
    await socket.wait_closed()


async def parts(socket, query):
    size, count = int(query["size"]), int(query["count"])
    is_text = query["kind"] == "text"
    whole = text(size * count).encode() if is_text else binary(size * count)
    await socket.send(cut(whole, size), text=is_text)
    await socket.wait_closed()


async def zeros(socket, query):
    await socket.send(bytes(int(query["bytes"])))
    await socket.wait_closed()


async def raw(socket, query):
    socket.transport.write(bytes.fromhex(query["hex"]))
    await socket.wait_closed()


async def request(socket, query):
    headers = {name.lower(): value for name, value in socket.request.headers.raw_items()}
    await socket.send(json.dumps({"target": socket.request.path, "headers": headers}))
    await socket.wait_closed()


async def close_event(socket, query):
    code, reason = await close_events[query["id"]]
    await socket.send(json.dumps({"code": code, "reason": reason}))
    await socket.wait_closed()


PATHS = {
    "/echo": echo,
    "/limit": echo,
    "/close": close,
    "/abort": abort,
    "/ping": ping,
    "/parts": parts,
    "/zeros": zeros,
    "/raw": raw,
    "/request": request,
    "/close_event": close_event,
}


def target(request):
    parts = urlsplit(request.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    return parts.path, {name: values[0] for name, values in query.items()}


def process_request(socket, request):
    path, query = target(request)
    if path == "/refuse" or path not in PATHS:
        status = HTTPStatus(int(query.get("status", HTTPStatus.NOT_FOUND)))
        response = socket.respond(status, "not you\n")
        response.headers["X-Interop"] = "yes"
        return response
    if path == "/limit":
        socket.protocol.max_message_size = int(query["bytes"])
    if COMPRESSION:
        socket.protocol.available_extensions = [policy(query)]


def policy(query):
    """What it adds to the client's offer."""
    return ServerPerMessageDeflateFactory(
        server_no_context_takeover="server_no_context_takeover" in query,
        client_no_context_takeover="client_no_context_takeover" in query,
        server_max_window_bits=int(query.get("server_max_window_bits", 0)) or None,
        client_max_window_bits=int(query.get("client_max_window_bits", 0)) or None,
    )


def select_subprotocol(socket, offered):
    return next((protocol for protocol in PROTOCOLS if protocol in offered), None)


def process_response(socket, request, response):
    response.headers["X-Interop"] = "yes"


async def handle(socket):
    path, query = target(socket.request)
    try:
        await PATHS[path](socket, query)
    finally:
        if "id" in query and path != "/close_event":
            await socket.wait_closed()
            close_events[query["id"]].set_result((socket.close_code, socket.close_reason))


async def main():
    global close_events
    loop = asyncio.get_running_loop()
    close_events = defaultdict(loop.create_future)
    server = await serve(
        handle,
        "127.0.0.1",
        0,
        origins=["http://127.0.0.1", None],
        subprotocols=PROTOCOLS,
        select_subprotocol=select_subprotocol,
        compression=None,
        process_request=process_request,
        process_response=process_response,
        ping_interval=None,
        max_size=LIMIT,
    )
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close(close_connections=True)


asyncio.run(main())
