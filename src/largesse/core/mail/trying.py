"""Trying a way by which mails leave: one mail at once, with what the mail service answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import InvalidValue
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind
from largesse.core.mail.limits import transport_name
from largesse.core.mail.queue import SUBJECT
from largesse.core.text import checked_email
from largesse.senders.message import NotSent, OutgoingMail, Sender, Sign
from largesse.storage.database import Database

TITLE = "A test mail of Largesse"
TEXT = "If you can read this, mails leave by the transport {name}.\n"
HTML = "<p>If you can read this, mails leave by the transport {name}.</p>\n"


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test mail."""

    is_taken: bool
    reply: str
    """What the mail service answered, or why it could not be asked."""


class MailTrial:
    """Sends test mails, past the queue and its limits."""

    def __init__(
        self,
        database: Database,
        transports: Sequence[Sender],
        sign: Sign | None,
        *,
        sender: str,
        domain: str,
    ) -> None:
        self._database = database
        self._transports = {one.name: one for one in transports}
        self._sign = sign
        self._sender = sender
        self._domain = domain

    async def send(self, caller: Caller, transport: str, recipient: str) -> Tried:
        """Hand one mail over to a transport and return what it answered.

        Raises:
            NotPermitted
            InvalidValue: there is no such transport.
            InvalidEmail
        """
        caller.require(Right.MANAGE_ACCESS)
        way = self._transports.get(transport)
        if way is None:
            raise InvalidValue("transport", "is no transport of this installation")
        address = checked_email(recipient)
        mail = OutgoingMail(
            sender=self._sender,
            recipient=address,
            subject=TITLE,
            text=TEXT.format(name=transport),
            html=HTML.format(name=transport),
            message_id=f"<{uuid4().hex}@{self._domain}>",
            date=clock.now(),
        )
        try:
            tried = Tried(True, await way.send(mail.envelope(sign=self._sign)))
        except NotSent as failure:
            tried = Tried(False, failure.reply)
        async with self._database.write() as tx:
            told = {"is_taken": tried.is_taken}
            subject = (SUBJECT, transport_name(transport))
            event_store.record(tx, caller, EventKind.MAIL_TRIED, subject, data=told)
        return tried
