"""The payloads of ../../src/sample.rs."""

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
