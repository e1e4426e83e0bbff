"""How the installation is, and whether its mails leave."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from largesse.core.codes.model import CampaignRef
from largesse.core.errors import InvalidEmail, InvalidValue, NotPermitted
from largesse.core.mail.model import SendCode
from largesse.demo.people import CUSTOMER
from largesse.demo.sink import Sink
from largesse.services import Services, open_services
from tests.core.people import log_in, make_owner, make_user, nobody
from tests.serving import settings_for

CODE = "CCZN413KW8RK"


async def test_health_tells_of_the_database_and_of_what_waits(demo_services: Services) -> None:
    services = demo_services
    owner = await services.access.log_in("MPAdministrator", "largesse-demo", address="test")
    found = await services.health.look(owner)
    assert found.database == services.database.engine.name
    assert found.database_version[0].isdigit()
    assert found.is_migrated
    assert found.runs_worker
    assert (found.free_bytes is None) == (found.database != "sqlite")
    assert found.backlog.oldest_mail_at is None
    before = datetime.now(UTC)
    await services.mails.send_code(owner, SendCode(CUSTOMER, CODE, None, None))
    (campaign, *_) = (await services.campaigns.page(owner)).items
    await services.bulk_codes.generate(owner, CampaignRef("name", campaign.name), 5)
    waiting = (await services.health.look(owner)).backlog
    assert waiting.open_jobs == 1
    assert waiting.last_job_at is None
    for moment in (waiting.oldest_job_at, waiting.oldest_mail_at):
        assert moment is not None
        assert abs(moment - before) < timedelta(minutes=1)


async def test_health_is_for_those_who_look_after_the_installation(services: Services) -> None:
    owner = await make_owner(services)
    await make_user(services, owner, "marketer", role="marketer")
    for caller in (await log_in(services, "marketer"), await nobody(services)):
        with pytest.raises(NotPermitted):
            await services.health.look(caller)


@pytest.fixture
async def mailing(demo_url: str) -> AsyncIterator[tuple[Services, Sink]]:
    """Return services whose mails end in a sink."""
    with Sink() as sink:
        opened = open_services(settings_for(demo_url, smtp_url=sink.url))
        yield opened, sink
        await opened.close()


async def test_a_test_mail_says_what_the_mail_service_answers(
    mailing: tuple[Services, Sink],
) -> None:
    services, sink = mailing
    owner = await services.access.log_in("MPAdministrator", "largesse-demo", address="test")
    tried = await services.mail_trial.send(owner, "main", "anna@example.com")
    assert tried.is_taken
    assert "250" in tried.reply or "OK kept" in tried.reply
    (message,) = sink.messages
    assert message["To"] == "anna@example.com"
    assert "transport main" in str(message.get_body(("plain",)))
    sink.answer = "550 no such mailbox"
    tried = await services.mail_trial.send(owner, "main", "anna@example.com")
    assert not tried.is_taken
    assert "no such mailbox" in tried.reply
    lines = (await services.events.page(owner, kind="mail.tried")).items
    assert [line.data["is_taken"] for line in lines] == [True, False]
    with pytest.raises(InvalidValue):
        await services.mail_trial.send(owner, "fallback", "anna@example.com")
    with pytest.raises(InvalidEmail):
        await services.mail_trial.send(owner, "main", "nobody")
    with pytest.raises(NotPermitted):
        await services.mail_trial.send(await nobody(services, "demo"), "main", "a@example.com")
