"""A QR code (ISO/IEC 18004) for one purpose: what an authenticator app reads off a screen.

There is one size, version 6 with error correction L: 41 modules a side, up to 134 bytes. The mask is
always the same one: readers take each, and the text is random enough.
"""

from collections.abc import Iterator, Mapping

SIDE = 41
BLOCKS, DATA, CHECKS = 2, 68, 18
"""Blocks of a symbol, and the bytes of data and of error correction that each has."""

LONGEST = BLOCKS * DATA - 2
"""Bytes of text: the mode and the length take a byte and a half, and the end half a one."""

FORMAT = 0x77C4
"""Error correction L and mask 0, with its own check bits (table C.1)."""

ALIGNMENT = 34
"""Where the middle of the alignment pattern is, both ways (table E.1)."""

Modules = dict[tuple[int, int], bool]
"""Whether a module is dark, by row and column."""


def path(text: str) -> str | None:
    """Return the dark modules as the path of an SVG; None: the text is too long for it."""
    raw = text.encode()
    if len(raw) > LONGEST:
        return None
    modules = _modules(_codewords(raw))
    return "".join(f"M{c} {r}h1v1h-1z" for (r, c), dark in sorted(modules.items()) if dark)


def _codewords(raw: bytes) -> bytes:
    """Return the data and its error correction, in the order in which they are drawn."""
    # 0100: bytes; their number; the bytes; 0000: the end. Then two bytes in turns to the end.
    bits = f"0100{len(raw):08b}" + "".join(f"{byte:08b}" for byte in raw) + "0000"
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    data += (b"\xec\x11" * DATA)[: BLOCKS * DATA - len(data)]
    blocks = [data[at : at + DATA] for at in range(0, len(data), DATA)]
    checks = [_checks(block) for block in blocks]
    return bytes(
        byte for part in (blocks, checks) for column in zip(*part, strict=True) for byte in column
    )


def _checks(block: bytes) -> bytes:
    """Return the error correction of a block (Reed-Solomon): the remainder of a division."""
    generator = [1]
    root = 1
    for _ in range(CHECKS):
        shifted = [*generator, 0]
        for at, one in enumerate(generator):
            shifted[at + 1] ^= _times(one, root)
        generator, root = shifted, _times(root, 2)
    rest = [0] * CHECKS
    for byte in block:
        factor = byte ^ rest.pop(0)
        rest.append(0)
        rest = [one ^ _times(g, factor) for one, g in zip(rest, generator[1:], strict=True)]
    return bytes(rest)


def _times(left: int, right: int) -> int:
    """Multiply in the field of 256 elements over x^8 + x^4 + x^3 + x^2 + 1."""
    product = 0
    while right:
        product ^= left if right & 1 else 0
        left = left << 1 ^ (0x11D if left & 0x80 else 0)
        right >>= 1
    return product


def _modules(codewords: bytes) -> Modules:
    modules = _patterns()
    bits = iter("".join(f"{byte:08b}" for byte in codewords))
    for row, column in _places(modules):
        # Behind the codewords there is room for a few more.
        modules[row, column] = (next(bits, "0") == "1") ^ ((row + column) % 2 == 0)
    return modules


def _patterns() -> Modules:
    """Return what is the same in each symbol."""
    last = SIDE - 1
    modules: Modules = {}
    for row, column in ((3, 3), (3, last - 3), (last - 3, 3)):
        modules |= _square(row, column, 4, light=(2, 4))
    for at in range(8, SIDE - 8):
        modules[6, at] = modules[at, 6] = at % 2 == 0
    modules |= _square(ALIGNMENT, ALIGNMENT, 2, light=(1,))
    for at in range(15):
        dark = bool(FORMAT >> at & 1)
        modules[(at if at < 6 else at + 1 if at < 8 else SIDE - 15 + at), 8] = dark
        modules[8, (last - at if at < 8 else 7 if at == 8 else 14 - at)] = dark
    modules[SIDE - 8, 8] = True
    return modules


def _square(
    row: int, column: int, reach: int, *, light: tuple[int, ...]
) -> Mapping[tuple[int, int], bool]:
    """Return squares in each other around a middle, as far as they are on the symbol."""
    reached = range(-reach, reach + 1)
    return {
        (row + down, column + right): max(abs(down), abs(right)) not in light
        for down in reached
        for right in reached
        if 0 <= row + down < SIDE and 0 <= column + right < SIDE
    }


def _places(taken: Modules) -> Iterator[tuple[int, int]]:
    """Yield the places of the bits: up and down two columns at a time, from the right."""
    fixed = set(taken)
    upwards = True
    for right in (*range(SIDE - 1, 6, -2), 5, 3, 1):
        for row in range(SIDE - 1, -1, -1) if upwards else range(SIDE):
            yield from ((row, c) for c in (right, right - 1) if (row, c) not in fixed)
        upwards = not upwards
