"""DKIM signatures (RFC 6376), with RSA or Ed25519 keys (RFC 8463).

dkimpy knows what is signed in which form, and `cryptography` calculates: dkimpy's own RSA is written
in Python and takes 10 ms a mail where this takes half of one, and its Ed25519 needs another library.
"""

import base64
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dkim.canonicalization import CanonicalizationPolicy

NAME = b"DKIM-Signature"
FORM = b"relaxed/relaxed"
LINE = 72
SMALLEST_KEY = 1024
"""Bits of an RSA key; RFC 8301 lets verifiers refuse shorter ones, and asks for 2048."""

SIGNED = frozenset(
    {
        *(b"from", b"to", b"cc", b"reply-to", b"subject", b"date", b"message-id"),
        *(b"mime-version", b"content-type", b"auto-submitted"),
        # RFC 8058, 4: one click unsubscribes only if the signature covers both.
        *(b"list-unsubscribe", b"list-unsubscribe-post", b"list-id"),
    }
)
ONLY_ONCE = frozenset({b"from", b"to", b"subject", b"date"})
"""These are signed once more than they are there, so that nobody adds another one."""


class DkimSigner:
    """Puts a signature before messages."""

    def __init__(self, *, domain: str, selector: str, pem: bytes) -> None:
        self._algorithm, self._sign_digest = _signing(pem)
        self._domain = domain.encode("idna")
        self._selector = selector.encode("ascii")
        self._policy = CanonicalizationPolicy.from_c_value(FORM)

    def __call__(self, message: bytes) -> bytes:
        """Return a message, in lines that end with CRLF, with its signature in front."""
        headers, body = dkim.rfc822_parse(message)
        names = [name.lower() for name, _ in headers if name.lower() in SIGNED]
        names += sorted(ONLY_ONCE.intersection(names))
        digest = hashlib.sha256(self._policy.canonicalize_body(body)).digest()
        tags = (
            b"v=1",
            b"a=" + self._algorithm,
            b"c=" + FORM,
            b"d=" + self._domain,
            b"s=" + self._selector,
            b"t=%d" % time.time(),
            b"h=" + b" : ".join(names),
            b"bh=" + base64.b64encode(digest),
            b"b=",
        )
        value = dkim.fold(b" " + b"; ".join(tags), namelen=len(NAME))
        canonical = self._policy.canonicalize_headers([*headers, (NAME, value)])
        hashed = hashlib.sha256()
        for name, text in dkim.select_headers(canonical[:-1], names):
            hashed.update(name + b":" + text)
        own_name, own_value = canonical[-1]
        hashed.update(own_name + b":" + own_value.rstrip())
        signature = base64.b64encode(self._sign_digest(hashed.digest()))
        lines = [signature[i : i + LINE] for i in range(0, len(signature), LINE)]
        return b"".join((NAME, b":", value, b"\r\n ".join([b"", *lines]), b"\r\n", message))


def signer_of(*, domain: str, selector: str, key_file: str) -> DkimSigner:
    """Return the signer whose private key is in a PEM file.

    Raises:
        ValueError: the file can not be read, or has no such key; the message names it.
    """
    try:
        return DkimSigner(domain=domain, selector=selector, pem=Path(key_file).read_bytes())
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"DKIM: {key_file}: {reason}") from None


def _signing(pem: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    key = load_pem_private_key(pem, None)
    if isinstance(key, Ed25519PrivateKey):
        return b"ed25519-sha256", key.sign
    if isinstance(key, RSAPrivateKey):
        if key.key_size < SMALLEST_KEY:
            raise ValueError(f"an RSA key has at least {SMALLEST_KEY} bits")
        padding, algorithm = PKCS1v15(), Prehashed(SHA256())
        return b"rsa-sha256", lambda digest: key.sign(digest, padding, algorithm)
    raise ValueError("neither an RSA nor an Ed25519 key")
