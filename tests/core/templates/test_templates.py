"""Templates as records: what can be saved, and what a preview shows."""

from dataclasses import replace
from typing import Any

import pytest

from largesse.core.access.model import Caller, Right, system
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    MissingValue,
    NotPermitted,
    UnknownTemplate,
)
from largesse.services import Services
from tests.core.people import everything

HELLO = {"key": "hello", "subject": "Hello {{ name }}", "body": "<p>Hello {{ name }}</p>"}


@pytest.fixture
async def owner(services: Services) -> Caller:
    return system(await services.access.create_organization("Shop", []))


async def test_it_is_saved_in_its_normal_form(services: Services, owner: Caller) -> None:
    made = await services.templates.create(owner, HELLO | {"locale": "de_AT"})
    assert (made.locale, made.kind, made.text, made.example, made.version) == (
        "de-at", "transactional", None, {}, 1,
    )  # fmt: skip
    with pytest.raises(AlreadyExists):
        await services.templates.create(owner, HELLO | {"locale": "de-at"})
    assert await services.templates.get(owner, made.id) == made


async def test_a_change_is_a_new_version(services: Services, owner: Caller) -> None:
    made = await services.templates.create(owner, HELLO)
    changed = await services.templates.change(owner, made.id, {"subject": "Hi {{ name }}"})
    assert (changed.version, changed.subject, changed.body) == (2, "Hi {{ name }}", made.body)
    same = await services.templates.change(owner, made.id, {"subject": "Hi {{ name }}"})
    assert same == changed
    preview = await services.templates.preview(owner, made.id)
    assert (preview.subject, preview.text) == ("Hi Ada Lovelace", "Hello Ada Lovelace\n")
    other = await services.templates.preview(owner, made.id, {"name": "Bob"})
    assert other.subject == "Hi Bob"


CASES: tuple[tuple[dict[str, Any], str | None], ...] = (
    ({"body": "x\n{{ nmae }}"}, "body: line 2: 'nmae' is not defined"),
    ({"subject": "{{ city }}"}, "subject: line 1: 'city' is not defined"),
    ({"text": "{{ city }}"}, "text: line 1: 'city' is not defined"),
    ({"body": "{{ city.name }}", "example": {"city": {}}}, "body: can not be filled"),
    ({"body": "a\n{% if"}, "body: line 2: "),
    ({"body": "{{ loop.index }}"}, "'loop' is not defined"),
    ({"subject": " "}, None),
    ({"subject": "{{ x }}", "example": {"x": " "}}, "subject: is empty"),
    ({"key": "No Key"}, "key: is small letters"),
    ({"key": "k" * 101}, "key: must have at most"),
    ({"locale": "german!"}, "locale: is a language"),
    ({"locale": "x" * 21}, "locale: must have at most"),
    ({"kind": "spam"}, "kind: is one of"),
    ({"example": []}, "example: must be an object"),
    ({"example": {"code": 1}}, "'code' is a function"),
    ({"body": 7}, "body: must be a text"),
    ({"body": "\x00"}, "body: has a character"),
    ({"key": "code", "body": "{{ code('A') }}"}, "claims no code"),
    ({"key": "code", "kind": "marketing"}, "is transactional"),
    ({"unknown": 1}, "unknown: can not be set"),
    ({"version": 7}, "version: can not be set"),
)


async def test_what_can_not_be_mailed_can_not_be_saved(services: Services, owner: Caller) -> None:
    made = await services.templates.create(owner, HELLO)
    before = await everything(services)
    for values, reason in CASES:
        refusal = MissingValue if reason is None else InvalidValue
        for call in (
            services.templates.create(owner, HELLO | {"locale": "fr"} | values),
            services.templates.change(owner, made.id, values),
        ):
            with pytest.raises(refusal) as refused:
                await call
            assert reason is None or reason in str(refused.value)
    assert await everything(services) == before


async def test_an_example_gives_names_their_values(services: Services, owner: Caller) -> None:
    body = "{% for one in order.lines %}{{ one.title }} {% endfor %}{{ code('BG4') }}"
    example = {"order": {"lines": [{"title": "Hat"}]}}
    made = await services.templates.create(owner, HELLO | {"body": body, "example": example})
    assert (await services.templates.preview(owner, made.id)).html == "Hat BG4-EXAMPLE"
    with pytest.raises(InvalidValue, match="title"):
        await services.templates.preview(owner, made.id, {"order": {"lines": [{}]}})


async def test_one_of_the_organization_stands_before_the_built_in(
    services: Services, owner: Caller
) -> None:
    assert (await services.templates.named(owner, "code", "de")).id is None
    own = HELLO | {"key": "code", "locale": "de", "body": "{{ promotion_code }}"}
    saved = await services.templates.save(owner, own)
    assert (await services.templates.named(owner, "code", "de-AT")).id == saved.id
    assert (await services.templates.named(owner, "code", "fr")).id is None
    again = await services.templates.save(owner, own | {"subject": "Neu"})
    assert (again.id, again.version) == (saved.id, 2)
    await services.templates.delete_named(owner, "code", "de")
    with pytest.raises(UnknownTemplate):
        await services.templates.delete_named(owner, "code", "de")
    assert (await services.templates.preview_named(owner, "code", None, {})).subject == "10 EUR off"


async def test_they_are_their_organizations_own_and_marketers_write_them(
    services: Services, owner: Caller
) -> None:
    made = await services.templates.create(owner, HELLO)
    other = system(await services.access.create_organization("Other", []))
    for call in (
        services.templates.get(other, made.id),
        services.templates.change(other, made.id, {"subject": "x"}),
        services.templates.delete(other, made.id),
        services.templates.preview(other, made.id),
    ):
        with pytest.raises(UnknownTemplate):
            await call
    helper = replace(owner, rights=frozenset({Right.READ, Right.SEND_MAIL}))
    for call in (
        services.templates.create(helper, HELLO),
        services.templates.save(helper, HELLO),
        services.templates.change(helper, made.id, {"subject": "x"}),
        services.templates.delete(helper, made.id),
    ):
        with pytest.raises(NotPermitted, match="manage_templates"):
            await call
    assert (await services.templates.page(helper)).items == [made]
