"""How mails leave. Knows no domain."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from largesse.senders.local import ConsoleSender, MaildirSender
from largesse.senders.message import Sender
from largesse.senders.smtp import SmtpSender


def open_sender(url: str, *, name: str, connections: int, timeout: float, answer: float) -> Sender:
    """Return the transport that a URL names; it connects when it is needed.

    `smtp://[user:password@]host[:port]`, `smtps://...`, `console:` or `maildir:/path`. `timeout`
    is in seconds, for each answer of the service; `answer` for the one to a whole message.

    Raises:
        ValueError: the URL names no transport.
    """
    parts = urlsplit(url)
    if parts.scheme in ("smtp", "smtps"):
        return SmtpSender(parts, name=name, connections=connections, timeout=timeout, answer=answer)
    if parts.scheme == "console":
        return ConsoleSender(name=name)
    if parts.scheme == "maildir":
        return MaildirSender(Path(unquote(parts.path)), name=name)
    raise ValueError(
        f"not a mail service: {parts.scheme}:... (smtp://host:port, console: or maildir:/path)"
    )
