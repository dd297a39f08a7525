"""What the client programs have in common: how they tell what they found (../../src/program.rs), and what they ask our server."""

import asyncio
import json
import os
import re
import sys
import threading
from urllib.request import urlopen

from websockets.asyncio.client import connect

URL, OTHER = sys.argv[2:4]
HTTP = URL.replace("ws:", "http:")
COMPRESSION = "deflate" if "compression=on" in sys.argv else None
LIMIT_SECONDS = 30
LIMIT = 16 << 20


class Checks:
    told = 0

    async def check(self, name, run):
        """Carries out a check: it holds unless it throws."""
        try:
            await asyncio.wait_for(run(), LIMIT_SECONDS)
            line = f"ok {name}"
        except Exception as error:
            why = re.sub(r"\s+", " ", str(error))[:500]
            line = f"not ok {name}: {type(error).__name__} {why}"
        self.told += 1
        print(line, flush=True)


def same(one, other):
    if one != other:
        raise AssertionError(f"{one!r:.200}, not {other!r:.200}")


def open(target, **settings):
    settings = {"compression": COMPRESSION, "max_size": LIMIT, "proxy": None, "ping_interval": None} | settings
    return connect(URL + target, **settings)


async def seen(name):
    """What the server saw of the end of a connection."""
    return await ask(f"/close_event?id={name}")


async def received(name):
    """How many bytes of messages had come by then."""
    return await ask(f"/received?id={name}")


async def ask(target):
    def read():
        with urlopen(HTTP + target, timeout=LIMIT_SECONDS) as answer:
            return json.load(answer)

    return await asyncio.to_thread(read)


def run(main):
    """Carries out all checks; ends before that with the standard input."""

    def end_with_input():
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=end_with_input, daemon=True).start()
    asyncio.run(main())
    os._exit(0)
