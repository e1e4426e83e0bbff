"""One SMTP connection: what is said on it, and what an answer or its absence means for a mail."""

import aiosmtplib

from largesse.senders.message import (
    CutOff,
    Envelope,
    PutOff,
    Throttled,
    TurnedDown,
    Unreachable,
)

PERMANENT = 500
"""Replies from here on are refusals for good (RFC 5321, 4.2.1)."""

OF_THE_SERVICE = frozenset({421, 454, 530, 534, 535, 538})
"""Replies about the service or our login, which every other mail would get as well (RFC 4954)."""

GO_AHEAD = 354

FAILURES = (aiosmtplib.SMTPException, OSError)


class HungUp(Unreachable):
    """The connection was gone before anything was said about the mail."""


class Conversation:
    """A connection to a mail service, for one mail after the other."""

    def __init__(self, client: aiosmtplib.SMTP, *, answer: float) -> None:
        self._client = client
        self._answer = answer

    @property
    def is_open(self) -> bool:
        """Whether another mail can be handed over on it."""
        return self._client.is_connected

    async def connect(self) -> None:
        """Connect and log in. Raises Unreachable."""
        try:
            await self._client.connect()
        except FAILURES as error:
            self._client.close()
            raise Unreachable(_said(error)) from error

    async def deliver(self, envelope: Envelope) -> str:
        """Hand a mail over and return the service's answer.

        Raises:
            Unreachable, PutOff, TurnedDown, CutOff
        """
        try:
            await self._name_sender(envelope)
            await self._name_recipient(envelope)
            return await self._give_content(envelope.content)
        except (PutOff, TurnedDown):
            await self._reset()
            raise
        except BaseException:
            # Nobody knows what it is in the middle of.
            self._client.close()
            raise

    async def quit(self) -> None:
        """Say goodbye."""
        try:
            await self._client.quit()
        except FAILURES:
            self._client.close()

    async def _name_sender(self, envelope: Envelope) -> None:
        try:
            if self._client.is_ehlo_or_helo_needed:
                await self._client.ehlo()
            if not envelope.needs_utf8:
                # The library's own `mail` and `rcpt` take addresses apart and put them together.
                await self._say(b"MAIL", b"FROM:<%b>" % envelope.sender.encode())
                return
            if not self._client.supports_extension("smtputf8"):
                raise TurnedDown("the mail service takes no address beyond ASCII", "address")
            await self._say(b"MAIL", b"FROM:<%b>" % envelope.sender.encode(), b"SMTPUTF8")
        except aiosmtplib.SMTPServerDisconnected as error:
            raise HungUp(_said(error)) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error.code, error.message) from error
        except FAILURES as error:
            raise Unreachable(_said(error)) from error

    async def _name_recipient(self, envelope: Envelope) -> None:
        try:
            await self._say(b"RCPT", b"TO:<%b>" % envelope.recipient.encode())
            ready = await self._client.execute_command(b"DATA")
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error.code, error.message) from error
        except FAILURES as error:
            self._client.close()
            raise Throttled(_said(error)) from error
        if ready.code != GO_AHEAD:
            raise _refusal(ready.code, ready.message)

    async def _say(self, *words: bytes) -> None:
        answer = await self._client.execute_command(*words)
        if not 200 <= answer.code < 300:
            raise aiosmtplib.SMTPResponseException(answer.code, answer.message)

    async def _give_content(self, content: bytes) -> str:
        # From here on the service may have the mail, whatever becomes of its answer. The library's
        # own `data` does not say on which side of this line it failed.
        try:
            protocol = self._client.protocol
            if protocol is None:
                raise Throttled("SMTPServerDisconnected: Connection lost")
            if b"\n." in content:
                content = content.replace(b"\n.", b"\n..")
            protocol.write(content + b".\r\n")
            answer = await protocol.read_response(timeout=self._answer)
        except FAILURES as error:
            raise CutOff(_said(error)) from error
        if 200 <= answer.code < 300:
            return _reply(answer.code, answer.message)
        if 400 <= answer.code < 600:
            raise _refusal(answer.code, answer.message)
        raise CutOff(_reply(answer.code, answer.message))

    async def _reset(self) -> None:
        """Let the service forget the mail that it refused."""
        try:
            if self._client.is_connected:
                await self._client.rset()
        except FAILURES:
            self._client.close()


def _refusal(code: int, text: str) -> PutOff | TurnedDown:
    reply = _reply(code, text)
    if code in OF_THE_SERVICE:
        return Throttled(reply)
    return TurnedDown(reply) if code >= PERMANENT else PutOff(reply)


def _said(error: BaseException) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _reply(error.code, error.message)
    return f"{type(error).__name__}: {error}"


def _reply(code: int, text: str) -> str:
    # The library keeps bytes that are no UTF-8 as halves of surrogate pairs: no database does.
    readable = text.encode(errors="surrogateescape").decode(errors="replace")
    return f"{code} {readable}".replace("\0", "\ufffd")
