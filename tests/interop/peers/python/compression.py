"""websockets as client of a server that accepts compression: what of it can be set, and what comes of it. Beside these, client.py runs with it too.

`python compression.py client URL OTHER compression=on`. What is looked at is told in ../../src/compression.rs."""

import asyncio
import json
import random
from urllib.request import urlopen

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from harness import HTTP, LIMIT, LIMIT_SECONDS, Checks, open, run, same, seen
from sample import SIZES, binary, chat, cut, noise, own, prepared, text

NAMES = ["server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits"]


def said(agreed):
    """Parameters as they are written."""
    return [name if agreed[name] is True else f"{name}={agreed[name]}" for name in NAMES if agreed.get(name)]


async def compressing(policy):
    """The address of a server that accepts compression so."""

    def ask():
        with urlopen(f"{HTTP}/compressing?{policy}", timeout=LIMIT_SECONDS) as answer:
            return answer.read().decode()

    return await asyncio.to_thread(ask)


def talk(address, offer, **settings):
    """A socket with this offer and no other."""
    extensions = [ClientPerMessageDeflateFactory(**offer)]
    return connect(address, compression=None, extensions=extensions, max_size=LIMIT, proxy=None, ping_interval=None, **settings)


def within(what, count, least, most):
    if not least <= count < most:
        raise AssertionError(f"{what}: {count} bytes, and not {least} to {most}")


async def exchange(socket, messages):
    """Sends messages to /counted, takes their echoes, and tells what that took on the wire."""

    async def count():
        await socket.send("?")
        return json.loads(await socket.recv())

    async def send():
        for message in messages:
            await socket.send(message)

    before = await count()
    sending = asyncio.create_task(send())
    for message in messages:
        same(await socket.recv(), message)
    await sending
    after = await count()
    return {"its": after["read"] - before["read"], "ours": after["written"] - before["written"]}


async def takeover(socket, agreed):
    """Whether each end refers to its messages before."""
    carried = await exchange(socket, [noise(100) * 2] * 20)
    for whose, end in [("its", "client"), ("ours", "server")]:
        expected = (1600, 4400) if agreed.get(f"{end}_no_context_takeover") else (0, 1000)
        within(f"of 4000 bytes, {whose} on the wire", carried[whose], *expected)


async def windows(socket, agreed):
    """Whether each end refers as far back as its window reaches, and no farther."""
    for whose, end, seed in [("its", "client", 10), ("ours", "server", 11)]:
        bits = agreed.get(f"{end}_max_window_bits") or 15
        # Farther than half a window, which is the next smaller one; but zlib keeps 262 bytes of the smallest to itself.
        near = noise(min(2 ** (bits - 1) + 1, 2**bits - 270), seed) * 8
        carried = await exchange(socket, [near])
        within(f"of {len(near)} bytes, {whose} on the wire", carried[whose], 0, len(near) * 6 // 10)
        far = noise(2**bits + 1, seed + 10) * 4
        carried = await exchange(socket, [far])
        within(f"of {len(far)} bytes, {whose} on the wire", carried[whose], len(far) * 9 // 10, len(far) + 200)


async def mixture(socket):
    """Small and large ones, such as get smaller and such as do not, whole and in fragments: the windows stay the same."""
    for i in range(20):
        for message in [own(i), noise(500, i), b"", binary(3000)]:
            await socket.send(message)
            same(await socket.recv(), message)
        await socket.send(cut(own(i), 700))
        same(await socket.recv(), own(i))


async def negotiated(agreed, answer, policy, offer):
    async with talk(await compressing(policy) + "/counted", offer) as socket:
        same(socket.response.headers["Sec-WebSocket-Extensions"], "; ".join(["permessage-deflate", *answer]))
        await takeover(socket, agreed)
        await windows(socket, agreed)
        await mixture(socket)


async def declined(policy, offer):
    async with talk(await compressing(policy) + "/echo", offer) as socket:
        same(socket.response.headers.get("Sec-WebSocket-Extensions"), None)
        await socket.send(text(65_536))
        same(await socket.recv(), text(65_536))


async def echo(message):
    async with open("/echo") as socket:
        echoed, _ = await asyncio.gather(socket.recv(), socket.send(message))
        same(echoed, message)


async def talkative():
    async with open("/counted") as socket:
        messages = [chat(i).encode() for i in range(1000)]
        whole = sum(map(len, messages))
        carried = await exchange(socket, messages)
        within(f"of {whole} bytes, its on the wire", carried["its"], 0, whole // 3)
        within(f"of {whole} bytes, ours on the wire", carried["ours"], 0, whole // 3)


async def our_prepared(policy):
    async with talk(await compressing(policy) + "/prepared?count=50", {}) as socket:
        for i in range(50):
            same(await socket.recv(), own(i))
            same(await socket.recv(), prepared())


async def closed(socket):
    try:
        while True:
            await socket.recv()
    except ConnectionClosed:
        return


async def above_our_limit(name, target, size):
    async with open(f"{target}&id={name}") as socket:
        await socket.send(bytes(size))
        await closed(socket)
        same(socket.close_code, 1009)
    same(await seen(name), {"code": 1006, "reason": "", "clean": False, "cause": "Violation(MessageTooBig)"})


async def above_its_limit(name, size, count):
    # Where a fragment ends a few bytes above its limit, it lets the message pass.
    async with open(f"/parts?kind=text&size={size}&count={count}&id={name}", max_size=95_000) as socket:
        await closed(socket)
    saw = await seen(name)
    same([saw["code"], saw["clean"], saw["cause"]], [1009, True, "Peer"])


async def raw(name, frames, code, error):
    """Frames that no sender should make, masked with zeros."""
    async with open(f"/echo?id={name}") as socket:
        for first, payload in frames:
            data = bytes.fromhex(payload)
            socket.transport.write(bytes([first, 0x80 | len(data), 0, 0, 0, 0]) + data)
        await closed(socket)
        same(socket.close_code, code)
    same(await seen(name), {"code": 1006, "reason": "", "clean": False, "cause": f"Violation({error})"})


async def cases(check):
    """Every takeover and every window, by our policy and as it offers it."""
    takeovers = [
        ("both take their context over", {}),
        ("it alone takes its context over", {"server_no_context_takeover": True}),
        ("we alone take our context over", {"client_no_context_takeover": True}),
        ("none takes its context over", {"server_no_context_takeover": True, "client_no_context_takeover": True}),
    ]
    fresh = takeovers[3][1]
    sizes = [(f"windows of {bits} bits", {"server_max_window_bits": bits, "client_max_window_bits": bits}) for bits in range(9, 16)]
    mixed = [
        (f"none takes over, windows of {server} and {client} bits", fresh | {"server_max_window_bits": server, "client_max_window_bits": client})
        for server, client in [(9, 15), (15, 9), (12, 10)]
    ]
    for name, agreed in takeovers + sizes + mixed:
        # 15 is what holds where nothing is said.
        less = {name: value for name, value in agreed.items() if value is True or value < 15}
        await check(f"{name}, by our policy", lambda: negotiated(agreed, said(less), "&".join(said(less)), {}))
        await check(f"{name}, by our policy, our compressors in a pool", lambda: negotiated(agreed, said(less), "&".join([*said(less), "pool=1"]), {}))
        # What was offered for our window is answered with; its own is the client's matter.
        answer = less | {name: value for name, value in agreed.items() if name == "server_max_window_bits"}
        await check(f"{name}, offered", lambda: negotiated(agreed, said(answer), "", agreed))


async def main():
    checks = Checks()
    check = checks.check
    await cases(check)
    await check("a window of 8 bits, which nobody can compress with, is declined", lambda: declined("", {"server_max_window_bits": 8}))
    name = "an offer that does not let its window be limited, where we limit it, is declined"
    await check(name, lambda: declined("client_max_window_bits=10", {"client_max_window_bits": None}))
    for size in SIZES:
        await check(f"noise of {size} bytes, echoed", lambda: echo(random.Random(size).randbytes(size)))
    await check("a thousand messages of a chat, echoed in order, in a third of their bytes", talkative)
    for policy in ["", "server_no_context_takeover", "server_max_window_bits=9", "pool=1"]:
        await check(f"our prepared messages between others, {policy or 'by the default policy'}", lambda: our_prepared(policy))
    for number, (target, size) in enumerate([("/limit?bytes=1000", 64 << 20), ("/echo?", 64 << 20), ("/echo?", LIMIT + 1)]):
        await check(f"{size} zeros, to {target}: above our limit", lambda: above_our_limit(f"zeros-{number}", target, size))
    for what, size, count in [("in one frame", 100_000, 1), ("in fragments", 10_000, 10)]:
        await check(f"a message that is above its limit once it is inflated, {what}: we see 1009", lambda: above_its_limit(f"bomb-{count}", size, count))
    rows = [
        ("a reserved block type", [(0xC1, "06")], 1007, "InvalidDeflate"),
        ("a message that is cut short", [(0xC1, "f248cdc9")], 1007, "InvalidDeflate"),
        ("a distance into nothing", [(0xC1, "f200110000")], 1007, "InvalidDeflate"),
        ("text that inflates to no UTF-8", [(0xC1, "000300fcffeda08000")], 1007, "InvalidUtf8"),
        ("RSV1 on a continuation", [(0x41, "f248cd"), (0xC0, "c9c90700")], 1002, "ReservedBits"),
        ("RSV1 on a ping", [(0xC9, "")], 1002, "ReservedBits"),
    ]
    for number, (what, frames, code, error) in enumerate(rows):
        await check(f"{what}: it sees {code}", lambda: raw(f"raw-{number}", frames, code, error))
    print("done", checks.told, flush=True)


run(main)
