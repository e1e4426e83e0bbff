"""Mailing a code to a customer."""

from largesse.core.errors import InvalidEmail, MailNotAccepted, NoMailService, WrongState
from largesse.core.mail.model import Mail, MailState
from largesse.dialects.intershop import mapping
from largesse.dialects.intershop.errors import NoAddress
from largesse.dialects.intershop.paths import segment
from largesse.wire.call import Call


async def send_code(call: Call) -> None:
    """POST customers/{customer}/mails: mail a code to a customer (SEED 000)."""
    command = mapping.to_send_code(segment(call, "customer"), call.body)
    try:
        mail = await call.services.mails.send_code(call.caller, command)
    except InvalidEmail:
        raise NoAddress() from None
    mail = await _tried_again(call, mail)
    if call.settings.confirm == "sent":
        mail = await call.services.mails.outcome(
            call.caller, mail.id, seconds=call.settings.confirm_seconds
        )
    if mail.state in (MailState.FAILED, MailState.UNCERTAIN):
        if not call.services.transports:
            raise NoMailService()
        raise MailNotAccepted(mail.last_reply or "")


async def _tried_again(call: Call, mail: Mail) -> Mail:
    """Queue a mail again that an earlier call left behind as failed.

    DECIDED: who repeats a call after a 500 wants the mail sent. One whose fate is uncertain may
    have arrived, so it is for a person to send again.
    """
    if mail.state != MailState.FAILED:
        return mail
    try:
        return await call.services.mails.retry(call.caller, mail.id)
    except WrongState:
        # Another call was faster.
        return await call.services.mails.get(call.caller, mail.id)
