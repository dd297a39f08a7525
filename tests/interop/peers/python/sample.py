"""The payloads of ../../src/sample.rs."""

from functools import cache

# Lengths at which the form of a frame's header changes, and around them; the last is the limit that a message may have.
SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20, 16 << 20]


def binary(length):
    """Byte i is i + i/256 + i/65536."""
    row = bytes(range(256)) * 2
    starts = ((i + (i >> 8)) & 255 for i in range((length + 255) // 256))
    return b"".join(row[start : start + 256] for start in starts)[:length]


def text(length):
    """So many bytes of UTF-8: characters of one, two, three and four bytes."""
    return "aé€😀" * (length // 10) + "x" * (length % 10)


def cut(data, size):
    """Data in parts of so many bytes."""
    return [data[at : at + size] for at in range(0, len(data), size)]


@cache
def noise(length, seed=1):
    """Bytes in which nothing repeats itself: those of a linear congruential generator, the highest eight bits of each state."""
    made = bytearray()
    for _ in range(length):
        seed = (seed * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        made.append(seed >> 24)
    return bytes(made)


def prepared():
    """The payload of the prepared message."""
    return noise(200) * 15


def own(i):
    """The payload of the i-th message between prepared ones."""
    return noise(100, i + 2) + prepared()


def chat(i):
    """The i-th message of a chat."""
    return f'{{"room":"lobby","from":"user-{i % 7}","number":{i},"kind":"message","text":"what user {i} says to all of the others"}}'
