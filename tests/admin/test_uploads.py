"""Forms with a file, as browsers send them and as nobody should."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from largesse.admin import forms, uploads
from largesse.wire.call import Call
from largesse.wire.errors import BodyTooLarge, MalformedBody

FORM = (
    b'--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\nall\r\n'
    b'--B\r\nContent-Disposition: form-data; name="empty"\r\n\r\n\r\n'
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
    b"Content-Type: text/csv\r\n\r\nemail\r\n-Bother\r\na@example.com\r\n"
    b'--B\r\nContent-Disposition: form-data; name="late"\r\n\r\nx\r\n--B--\r\n'
)


class Services:
    """What an upload asks of them."""

    class settings:
        max_body_bytes = 1000


def call_with(body: bytes, step: int, kind: str = 'multipart/form-data; boundary="B"') -> Call:
    async def blocks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), step):
            yield body[start : start + step]

    scope: dict[str, Any] = {"headers": [(b"content-type", kind.encode())], "type": "http"}
    return Call(scope, cast(Any, Services), None, blocks=blocks())


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 64, 10_000])
async def test_fields_come_before_the_file_however_the_body_is_cut(step: int) -> None:
    call = call_with(FORM, step)
    upload = await uploads.received(call)
    assert upload.name == "a.csv"
    assert forms.fields(call) == {"title": "Grüße\nall", "empty": ""}
    content = b"".join([block async for block in upload.blocks])
    assert content == b"email\r\n-Bother\r\na@example.com"
    await upload.drain()


async def test_a_form_without_a_file_is_one_as_well() -> None:
    no_file = FORM.replace(b'; filename="a.csv"', b"")
    for call in (
        call_with(no_file, 50),
        call_with(b"late=x", 3, "application/x-www-form-urlencoded"),
    ):
        upload = await uploads.received(call)
        assert (upload.name, [block async for block in upload.blocks]) == ("", [])
        assert forms.fields(call)["late"] == "x"


@pytest.mark.parametrize("body", [b"", b"--B", FORM[:70], FORM[:60] + b"x" * 9000])
async def test_what_is_cut_off_is_refused(body: bytes) -> None:
    call = call_with(body, 100)
    with pytest.raises((MalformedBody, BodyTooLarge)):
        await uploads.received(call)


async def test_a_file_that_is_cut_off_is_refused() -> None:
    call = call_with(FORM[:230], 100)
    upload = await uploads.received(call)
    with pytest.raises(MalformedBody):
        [block async for block in upload.blocks]


async def test_fields_are_not_longer_than_other_bodies() -> None:
    for kind in ("multipart/form-data; boundary=B", "text/plain"):
        body = FORM.replace(b"all", b"all" * 500)
        with pytest.raises(BodyTooLarge):
            await uploads.received(call_with(body, 64, kind))
