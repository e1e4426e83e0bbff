"""The picture that an authenticator app reads."""

import hashlib

from largesse.admin import qr

URI = "otpauth://totp/Largesse:anna?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Largesse"

KNOWN = "7284813194ede0a22312f4042e4a5a43ec1df449fc484940af03b005adfd0751"
"""Of the path of this text, filled up, as another implementation has it (segno 1.6)."""


async def test_it_is_drawn_as_others_draw_it() -> None:
    drawn = qr.path(URI.ljust(qr.LONGEST, "x"))
    assert drawn is not None
    assert hashlib.sha256(drawn.encode()).hexdigest() == KNOWN


async def test_a_text_that_is_short_is_filled_up() -> None:
    drawn = qr.path(URI)
    assert drawn is not None
    read = qr._codewords(URI.encode())
    blocks = read[: 2 * qr.DATA]
    data = blocks[0::2] + blocks[1::2]
    assert data.hex().startswith(f"4{len(URI):02x}{URI.encode().hex()}0ec11ec11")


async def test_a_text_that_is_too_long_has_no_picture() -> None:
    assert qr.path("x" * qr.LONGEST) is not None
    assert qr.path("x" * (qr.LONGEST + 1)) is None
    assert qr.path("ü" * 70) is None
