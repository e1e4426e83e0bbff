"""Templates that are still being written, and samples to look at in a mail program."""

import pytest

from largesse.core.access.model import Caller
from largesse.core.errors import (
    InvalidEmail,
    InvalidValue,
    MissingValue,
    NotPermitted,
    UnknownTemplate,
)
from largesse.core.search.browse import Browse
from largesse.services import Services
from tests.core.people import make_owner, nobody

NEW = {
    "key": "hello",
    "subject": "Hello {{ name }}",
    "body": "<p>{{ title }} {{ code('Ten') }}</p>",
    "example": {"title": "<b>Ten</b>"},
}


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


async def test_a_draft_is_filled_and_kept_nowhere(services: Services, owner: Caller) -> None:
    said = await services.templates.preview_draft(owner, NEW)
    assert said.subject == "Hello Ada Lovelace"
    assert said.html == "<p>&lt;b&gt;Ten&lt;/b&gt; Ten-EXAMPLE</p>"
    assert not (await services.templates.browse(owner, Browse())).items
    with pytest.raises(InvalidValue) as refused:
        await services.templates.preview_draft(owner, NEW | {"body": "<p>\n{{ unknown }}"})
    assert refused.value.reason.startswith("line 2")
    for missing in ("key", "subject", "body"):
        with pytest.raises(MissingValue):
            await services.templates.preview_draft(owner, NEW | {missing: " "})
    with pytest.raises(NotPermitted):
        await services.templates.preview_draft(await nobody(services), NEW)


async def test_a_sample_is_mailed_as_a_preview_shows_it(services: Services, owner: Caller) -> None:
    template = await services.templates.create(owner, NEW)
    assert template.id is not None
    mail = await services.templates.send_sample(owner, template.id, " ada@example.com ")
    assert (mail.recipient, mail.template_key) == ("ada@example.com", "hello")
    said = await services.mails.content(owner, mail.id)
    assert said == await services.templates.preview(owner, template.id)
    with pytest.raises(InvalidEmail):
        await services.templates.send_sample(owner, template.id, "nowhere")
    with pytest.raises(NotPermitted):
        await services.templates.send_sample(await nobody(services), template.id, "a@example.com")
    stranger = await make_owner(services, "Another shop")
    with pytest.raises(UnknownTemplate):
        await services.templates.send_sample(stranger, template.id, "a@example.com")


async def test_templates_are_found_by_key_and_subject(services: Services, owner: Caller) -> None:
    for key in ("spring", "summer"):
        await services.templates.create(owner, NEW | {"key": key})
    page = await services.templates.browse(owner, Browse(text="SPR"))
    assert [one.key for one in page.items] == ["spring"]
    page = await services.templates.browse(owner, Browse(text="hello", order="key"))
    assert [one.key for one in page.items] == ["summer", "spring"]
    shown = await services.templates.preview_built_in(owner, "code")
    assert "CCZN413KW8RK" in shown.text
    with pytest.raises(UnknownTemplate):
        await services.templates.preview_built_in(owner, "spring")
