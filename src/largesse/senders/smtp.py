"""Hands mails to a mail service through SMTP, over connections that are kept open."""

import asyncio
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from largesse.senders.message import CutOff, OutgoingMail, PutOff, TurnedDown

PERMANENT = 500
"""Replies from here on are refusals for good (RFC 5321, 4.2.1)."""


class SmtpSender:
    """A small pool of connections to one mail service."""

    def __init__(self, url: str, *, sender: str, connections: int, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError(f"not a mail service: {parts.scheme}://... (smtp://host:port)")
        self.sender = sender
        self._envelope_from = parseaddr(sender)[1]
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls else 25)
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._timeout = timeout
        self._places = asyncio.Semaphore(connections)
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, mail: OutgoingMail) -> str:
        """Hand a mail over and return the service's answer.

        Raises:
            PutOff, TurnedDown, CutOff
        """
        async with self._places:
            connection = await self._connection()
            try:
                answer = await self._converse(connection, mail)
            except (PutOff, TurnedDown):
                await self._keep(connection)
                raise
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
            return answer

    async def close(self) -> None:
        """Say goodbye on every connection."""
        while self._idle:
            await _quit(self._idle.pop())

    async def _connection(self) -> aiosmtplib.SMTP:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected:
                try:
                    # A service may have closed an idle connection: RSET tells before any mail
                    # is at stake.
                    await connection.rset()
                    return connection
                except (aiosmtplib.SMTPException, OSError):
                    connection.close()
        connection = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._tls,
            username=self._username,
            password=self._password,
            timeout=self._timeout,
        )
        try:
            await connection.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise PutOff(f"{type(error).__name__}: {error}") from error
        return connection

    async def _converse(self, connection: aiosmtplib.SMTP, mail: OutgoingMail) -> str:
        content = mail.message().as_bytes()
        options, encoding = [], "ascii"
        if mail.needs_utf8:
            if not connection.supports_extension("smtputf8"):
                raise TurnedDown("the mail service takes no address beyond ASCII")
            options, encoding = ["SMTPUTF8"], "utf-8"
        try:
            await connection.mail(self._envelope_from, options=options, encoding=encoding)
            await connection.rcpt(mail.envelope_to, encoding=encoding)
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise PutOff(f"{type(error).__name__}: {error}") from error
        try:
            answer = await connection.data(content)
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise CutOff(f"{type(error).__name__}: {error}") from error
        return _reply(answer.code, answer.message)

    async def _keep(self, connection: aiosmtplib.SMTP) -> None:
        if connection.is_connected:
            self._idle.append(connection)
        else:
            connection.close()


def _refusal(error: aiosmtplib.SMTPResponseException) -> PutOff | TurnedDown:
    kind = TurnedDown if error.code >= PERMANENT else PutOff
    return kind(_reply(error.code, error.message))


def _reply(code: int, text: str) -> str:
    # The library keeps bytes that are no UTF-8 as halves of surrogate pairs: no database does.
    readable = text.encode(errors="surrogateescape").decode(errors="replace")
    return f"{code} {readable}".replace("\0", "\ufffd")


async def _quit(connection: aiosmtplib.SMTP) -> None:
    try:
        await connection.quit()
    except (aiosmtplib.SMTPException, OSError):
        connection.close()
