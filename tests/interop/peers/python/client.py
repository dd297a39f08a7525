"""websockets as client. `python client.py client URL OTHER compression=off`, or on; what it tells is in ../../src/program.rs."""

import asyncio
import json
import random
from urllib.parse import quote
from urllib.request import urlopen

from websockets.exceptions import ConnectionClosed, InvalidStatus

from harness import COMPRESSION, HTTP, LIMIT, OTHER, Checks, open, received, run, same, seen
from sample import SIZES, binary, cut, text


async def echo(target, message):
    async with open(target) as socket:
        # In chunks the echo begins before the message has ended, and waits for its reader.
        echoed, _ = await asyncio.gather(socket.recv(), socket.send(message))
        same(echoed, message)


async def many():
    async with open("/echo") as socket:
        for i in range(1000):
            await socket.send(f"message {i}")
        for i in range(1000):
            same(await socket.recv(), f"message {i}")


async def fragments(target, kind, size, count):
    """Cut where the bytes are, in the middle of characters too, with a ping after each but the last."""
    whole = text(size * count).encode() if kind == "text" else binary(size * count)
    pongs = []
    # A pong between fragments counts as a part of the message there.
    async with open(target, max_size=LIMIT + 125) as socket:

        async def parts():
            for number, part in enumerate(cut(whole, size)):
                yield part
                pongs.append(await socket.ping(f"{number}"))

        echoed, _ = await asyncio.gather(socket.recv(decode=False), socket.send(parts(), text=kind == "text"))
        same(echoed, whole)
        await asyncio.gather(*pongs)
        same(len(pongs), count)


async def our_parts(kind, size, count):
    async with open(f"/parts?kind={kind}&size={size}&count={count}") as socket:
        got = [part async for part in socket.recv_streaming(decode=False)]
        same(b"".join(got), text(size * count).encode() if kind == "text" else binary(size * count))
        # Each fragment is a part, the empty one at the end too.
        same([len(got), len(got[-1])], [count + 1, 0])


async def its_ping(size):
    async with open("/echo") as socket:
        await (await socket.ping(binary(size)))


async def our_ping(size):
    async with open("/ping?data=" + "p" * size) as socket:
        same(await socket.recv(), "p" * size)


async def its_close(name, code, reason):
    async with open(f"/echo?id={name}") as socket:
        await socket.close(code, reason)
        same([socket.close_code, socket.close_reason], [code, reason])
    same(await seen(name), {"code": code, "reason": reason, "clean": True, "cause": "Peer"})


async def its_empty_close():
    async with open("/echo?id=its-empty") as socket:
        # Its own close() always has a code.
        async with socket.send_context():
            socket.protocol.send_close()
        await socket.wait_closed()
        same(socket.close_code, 1005)
    same(await seen("its-empty"), {"code": 1005, "reason": "", "clean": True, "cause": "Peer"})


async def its_queue():
    async with open("/echo?id=its-queue") as socket:
        for _ in range(16):
            await socket.send(binary(1 << 20))
        await socket.close(1000)
    same(await seen("its-queue"), {"code": 1000, "reason": "", "clean": True, "cause": "Peer"})
    same(await received("its-queue"), 16 << 20)


async def our_close(name, code, reason):
    query = f"code={code}&reason={quote(reason)}&" if code != 1005 else ""
    async with open(f"/close?{query}id={name}") as socket:
        error = await closed(socket)
        same([socket.close_code, socket.close_reason, error.rcvd_then_sent], [code, reason, True])
    same(await seen(name) | {"reason": ""}, {"code": code, "reason": "", "clean": True, "cause": "Local"})


async def closed(socket):
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as error:
        return error


async def subprotocols(offered, chosen):
    async with open("/echo", subprotocols=offered) as socket:
        same(socket.subprotocol, chosen)
        await socket.send("hello")
        same(await socket.recv(), "hello")


async def our_limit():
    async with open("/limit?bytes=1000&id=our-limit") as socket:
        await socket.send(binary(1000))
        same(await socket.recv(), binary(1000))
        await socket.send(binary(1001))
        await closed(socket)
        same(socket.close_code, 1009)
    same(await seen("our-limit"), {"code": 1006, "reason": "", "clean": False, "cause": "Violation(MessageTooBig)"})


async def above_our_limit(target, size):
    # Not `async with`: its close() stumbles over a transport that was lost while it was full.
    socket = await open(target)
    sending = asyncio.create_task(socket.send(random.Random(1).randbytes(size)))
    await closed(socket)
    same(socket.close_code, 1009)
    await asyncio.gather(sending, return_exceptions=True)


async def its_limit(name, size, count):
    async with open(f"/parts?kind=binary&size={size}&count={count}&id={name}", max_size=1000) as socket:
        await closed(socket)
    saw = await seen(name)
    same([saw["code"], saw["clean"], saw["cause"]], [1009, True, "Peer"])


async def slow():
    size, count = 4 << 20, 8
    async with open("/slow?id=slow") as socket:

        async def send():
            for _ in range(count):
                await socket.send(random.Random(1).randbytes(size))

        sending = asyncio.create_task(send())
        await asyncio.sleep(0.3)
        if sending.done():
            raise AssertionError("all was taken though nobody reads")
        with await asyncio.to_thread(urlopen, f"{HTTP}/release?id=slow"):
            pass
        await sending
        await socket.send("end")
        same(await socket.recv(), str(size * count))


async def headers():
    settings = {"additional_headers": {"X-Sent": "one, two"}, "subprotocols": ["nope", "chat.v1"], "origin": HTTP}
    async with open("/request?a=%20b&c", **settings) as socket:
        same(socket.response.headers["X-Interop"], "yes")
        told = json.loads(await socket.recv())
        same([told["target"], told["origin"], told["protocols"]], ["/request?a=%20b&c", HTTP, ["nope", "chat.v1"]])
        same([value for name, value in told["headers"] if name.lower() == "x-sent"], ["one, two"])


async def refused(target, status, body=None, **settings):
    try:
        async with open(target, **settings):
            raise AssertionError("it was let in")
    except InvalidStatus as error:
        same(error.response.status_code, status)
        if body is not None:
            same([error.response.headers["X-Interop"], error.response.body], ["yes", body])


async def compression_offered():
    async with open("/echo", compression="deflate") as socket:
        same(bool(socket.protocol.extensions), COMPRESSION is not None)
        await socket.send(text(65_536))
        same(await socket.recv(), text(65_536))


async def dropped():
    async with open("/echo?id=dropped") as socket:
        socket.transport.abort()
        same(await seen("dropped"), {"code": 1006, "reason": "", "clean": False, "cause": "Eof"})


async def main():
    checks = Checks()
    check = checks.check
    for size in SIZES:
        await check(f"text of {size} bytes, echoed", lambda: echo("/echo", text(size)))
        await check(f"binary of {size} bytes, echoed", lambda: echo("/echo", binary(size)))
    for size in [0, 65_536, 1 << 20, 16 << 20]:
        await check(f"text of {size} bytes, echoed in chunks", lambda: echo("/echo-chunks", text(size)))
        await check(f"binary of {size} bytes, echoed in chunks", lambda: echo("/echo-chunks", binary(size)))
    await check("a thousand messages, echoed in order", many)
    for target in ["/echo", "/echo-chunks"]:
        for kind, size, count in [("text", 1, 50), ("text", 3, 40), ("binary", 126, 8), ("text", 65_536, 16), ("binary", 1 << 20, 16)]:
            name = f"its {kind} in {count} fragments of {size} bytes, with pings between them, to {target}"
            await check(name, lambda: fragments(target, kind, size, count))
    for kind, size, count in [("text", 10, 50), ("text", 120, 8), ("binary", 1, 50), ("binary", 126, 8), ("binary", 65_536, 16)]:
        await check(f"our {kind} in {count} fragments of {size} bytes", lambda: our_parts(kind, size, count))
    for size in [0, 4, 125]:
        await check(f"its ping of {size} bytes, answered", lambda: its_ping(size))
        await check(f"our ping of {size} bytes, answered", lambda: our_ping(size))

    reasons = [(1000, ""), (1001, "leaving"), (1011, "broken"), (3000, "né€😀"), (4999, text(123))]
    for code, reason in reasons:
        size = len(reason.encode())
        await check(f"it closes with {code} and a reason of {size} bytes", lambda: its_close(f"its-{code}", code, reason))
        await check(f"we close with {code} and a reason of {size} bytes", lambda: our_close(f"ours-{code}", code, reason))
    await check("it closes with an empty Close", its_empty_close)
    await check("we close with an empty Close", lambda: our_close("ours-empty", 1005, ""))
    await check("what it sent ahead of its Close is received", its_queue)
    await check("it drops the connection without a Close", dropped)

    for offered, chosen in [(None, None), (["chat.v1"], "chat.v1"), (["chat.v1", "chat.v2"], "chat.v2"), (["nope"], None)]:
        await check(f"subprotocols {offered}", lambda: subprotocols(offered, chosen))
    await check("a message at our limit is echoed, one above it answered with 1009", our_limit)
    await check("it sees 1009 with 24 MiB under way", lambda: above_our_limit("/limit?bytes=1000", 24 << 20))
    await check("one byte above 16 MiB is answered with 1009", lambda: above_our_limit("/echo", LIMIT + 1))
    for what, size, count in [("in one frame", 1001, 1), ("in fragments", 100, 11)]:
        await check(f"a message above its limit, {what}, is answered with 1009", lambda: its_limit(f"limit-{count}", size, count))
    await check("it is held up while we do not read, goes on when we do, and all of it is received", slow)

    await check("its headers and its target reach us, and our header it", headers)
    for whose, origin in [("another host", "http://elsewhere.example"), ("another port", OTHER.replace("ws:", "http:")), ("no page", "null")]:
        await check(f"the Origin of {whose} is refused with 403", lambda: refused("/echo", 403, origin=origin))
    await check("a refusal with 401, its header and its body", lambda: refused("/refuse?status=401", 401, b"not you\n"))
    await check("a path that is not there is refused with 404", lambda: refused("/nowhere", 404))
    await check(f"an offer of compression is {'accepted' if COMPRESSION else 'declined'}", compression_offered)
    print("done", checks.told, flush=True)


run(main)
