"""What we sign, a verifier that is not ours takes."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from largesse.senders.dkim import DkimSigner, signer_of
from largesse.senders.message import OutgoingMail

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
LIST_HEADERS = (
    ("List-Unsubscribe", f"<https://x.example/v1/unsubscribe/{'a' * 120}>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
)


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def record(key: rsa.RSAPrivateKey) -> bytes:
    """Return the TXT record that publishes a key."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def dns(name: bytes, **_: object) -> bytes | None:
    return record(RSA_KEY) if name == b"spring._domainkey.example.com." else None


def signed(*, text: str = "Hello\n", html: str = "<p>Hello</p>") -> bytes:
    mail = OutgoingMail(
        sender="Jörg's Shop <shop@example.com>",
        recipient="ada@example.com",
        subject="Größe: a subject so long that it is folded " * 3,
        text=text,
        html=html,
        message_id="<1@example.com>",
        date=datetime(2026, 1, 2, tzinfo=UTC),
        headers=LIST_HEADERS,
    )
    signer = DkimSigner(domain="example.com", selector="spring", pem=pem(RSA_KEY))
    return mail.envelope(sign=signer).content


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello\n", "<p>Hello</p>"),
        ("", ""),
        ("a  \t b \n\n\n\n", "x\n" * 3),
        ("Straße\n.\nFrom me\n", "<p>" + "ä" * 3000 + "</p>"),
    ],
)
def test_a_signed_message_is_valid(text: str, html: str) -> None:
    message = signed(text=text, html=html)
    assert dkim.verify(message, dnsfunc=dns)
    assert all(len(line) <= 998 for line in message.split(b"\r\n"))


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b"<p>Hello</p>", b"<p>Hullo</p>"),
        (b"To: ada@", b"To: eve@"),
        (b"=One-Click", b"=Two-Clicks"),
        (b"List-Unsubscribe: ", b"List-Unsubscribe: <https://evil.example>, "),
        (b"\r\nTo: ", b"\r\nFrom: eve@evil.example\r\nTo: "),
        (b"\r\nTo: ", b"\r\nSubject: another\r\nTo: "),
    ],
)
def test_a_changed_message_is_not(found: bytes, put: bytes) -> None:
    message = signed()
    assert found in message
    assert not dkim.verify(message.replace(found, put, 1), dnsfunc=dns)


def test_blanks_that_services_change_on_the_way_do_not_matter() -> None:
    message = signed().replace(b"To: ada", b"to:   ada").replace(b"Hello\r\n", b"Hello \t\r\n")
    assert dkim.verify(message, dnsfunc=dns)


def test_an_ed25519_key_signs_the_same_message() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    signer = DkimSigner(domain="example.com", selector="s", pem=pem(key))
    message = signer(b"From: a@example.com\r\nSubject: x\r\n\r\nHello\r\n")
    # The verifier needs another library for this one, so the last step is done here.
    headers, _ = dkim.rfc822_parse(message)
    value = headers[0][1]
    assert b"a=ed25519-sha256" in value
    start, _, signature = value.rpartition(b"b=")
    relaxed = b" ".join((start + b"b=").split())
    text = b"from:a@example.com\r\nsubject:x\r\ndkim-signature:" + relaxed
    digest = __import__("hashlib").sha256(text).digest()
    key.public_key().verify(base64.b64decode(b"".join(signature.split())), digest)
    with pytest.raises(InvalidSignature):
        key.public_key().verify(base64.b64decode(b"".join(signature.split())), digest[::-1])


def test_a_file_without_a_key_is_named(tmp_path: Path) -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    for name, content, reason in (
        ("none.pem", None, "No such file"),
        ("text.pem", b"secret", "could not|Could not|Unable|no start"),
        ("curve.pem", pem(curve), "neither an RSA nor an Ed25519"),
    ):
        file = tmp_path / name
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}.*({reason})"):
            signer_of(domain="example.com", selector="s", key_file=str(file))
    (tmp_path / "small.pem").write_bytes(pem(small))
    signer_of(domain="example.com", selector="s", key_file=str(tmp_path / "small.pem"))
