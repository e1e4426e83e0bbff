"""Every dialect has words of its own for every refusal."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from largesse.app import DIALECTS
from largesse.core.errors import Refused, leaves
from largesse.services import open_services
from largesse.wire.call import Call
from largesse.wire.dialect import Dialect
from largesse.wire.errors import WIRE_ERRORS, WireError
from tests.serving import settings_for

REFUSALS = [kind for kind in leaves() if kind.__module__.startswith("largesse.core.errors.")]

PLAIN = {"str": "x", "int": 1, "str | None": None, "tuple[str, ...]": ("x", "y")}
"""A value for each type that a refusal's facts have."""


def by_name(dialect: Dialect) -> str:
    return dialect.name


def test_the_refusals_are_found() -> None:
    assert len(REFUSALS) > 50


def test_every_refusal_of_the_wire_is_listed() -> None:
    assert set(subclasses(WireError)) >= set(WIRE_ERRORS)
    own = {kind for kind in subclasses(WireError) if kind.__module__ == "largesse.wire.errors"}
    # A variant of one that is listed is told by the row of that one.
    variants = {kind for one in WIRE_ERRORS for kind in subclasses(one)}
    assert own - variants == set(WIRE_ERRORS)


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def own(dialect: Dialect) -> list[type[Exception]]:
    """Return the refusals that the dialect defines itself."""
    place = f"largesse.dialects.{dialect.name}."
    kinds = {*subclasses(Refused), *subclasses(WireError)}
    return [kind for kind in kinds if kind.__module__.startswith(place)]


@pytest.mark.parametrize("dialect", DIALECTS, ids=by_name)
def test_every_refusal_has_a_row_of_its_own(dialect: Dialect) -> None:
    wanted = {*REFUSALS, *WIRE_ERRORS, *own(dialect)}
    assert wanted - dialect.errors.keys() == set()


@pytest.mark.parametrize("dialect", DIALECTS, ids=by_name)
def test_a_row_says_that_it_is_a_refusal(dialect: Dialect) -> None:
    for kind, row in dialect.errors.items():
        assert 400 <= row.status <= 599, kind
        if issubclass(kind, Refused) and row.status >= 500:
            # Nothing the client could mend.
            assert kind.__mro__[1].__name__ in ("Unavailable", "Conflict"), kind


@pytest.mark.parametrize("dialect", DIALECTS, ids=by_name)
def test_every_refusal_can_be_rendered(dialect: Dialect, tmp_path: Path) -> None:
    services = open_services(settings_for(f"sqlite:///{tmp_path}/unused.db"))
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/x",
        "headers": [],
        "query_string": b"",
        "server": ("test", 80),
    }
    call = Call(scope, services, getattr(services.settings, dialect.name))
    for kind in (*REFUSALS, *WIRE_ERRORS, *own(dialect)):
        response = dialect.render(call, example(kind))
        assert response.status_code == dialect.errors[kind].status, kind
        assert response.body, kind
        assert "content-type" in response.headers, kind


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_a_refusal_is_a_sentence(kind: type[Refused]) -> None:
    text = str(example(kind))
    assert text
    assert "{" not in text


def example(kind: type[Any]) -> Exception:
    """Return a refusal with some facts."""
    if not dataclasses.is_dataclass(kind):
        return kind()
    facts = {}
    for field in dataclasses.fields(kind):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            name = field.type if isinstance(field.type, str) else str_of(field.type)
            facts[field.name] = PLAIN[name]
    return kind(**facts)


def str_of(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
