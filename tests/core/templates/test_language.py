"""What a template may say, and that whatever it says ends soon."""

from time import process_time
from typing import Any

import pytest

from largesse.core.errors import InvalidValue
from largesse.core.templates import language, limits


def made(source: str, *, html: bool = False, **values: Any) -> str:
    """Compile and fill a template."""
    language.meaning(source, "body")
    template = language.compiled(source, "body", html=html)
    with limits.budget():
        return language.fill(template, values)


SHOP = {"name": "Ada & Bob", "items": [{"title": "Hat", "price": 3}, {"title": "Cap", "price": 4}]}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ name }}", "Ada & Bob"),
        ("{% if name %}x{% else %}y{% endif %}{% if no %}z{% endif %}", "x"),
        ("{% for one in items %}{{ one.title }},{% endfor %}", "Hat,Cap,"),
        ("{% for one in items %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/2 2/2 "),
        ("{% for one in items if one.price > 3 %}{{ one.title }}{% endfor %}", "Cap"),
        ("{% for i in range(3) %}{{ loop.cycle('a', 'b') }}{% endfor %}", "aba"),
        ("{% for key, value in pairs.items() %}{{ key }}={{ value }} {% endfor %}", "a=1 b=2 "),
        ("{% set total = items[0].price + 4 %}{{ total }}", "7"),
        ("{{ name ~ '!' }} {{ 'a' + 'b' }} {{ 7 // 2 }} {{ 7 % 4 }} {{ -2 * 3 }}", None),
        ("{{ items|length }} {{ [1, 2]|join(', ') }} {{ items|join('+', 'title') }}", "2 1, 2 Hat+Cap"),
        ("{{ 'abc'|replace('b', 'x') }} {{ 2.345|round(1) }} {{ 'a b'|title }}", "axc 2.3 A B"),
        ("{{ no is defined }} {{ name is string }} {{ 'x' in name }}", "True True False"),
        ("{{ (missing if no) }}|{{ none }}|{{ true }}|{{ missing|default('d') }}", "||True|d"),
        ("{{ pairs.items.x if false else 'ok' }}{# not shown #}{% raw %}{{ x }}{% endraw %}", "ok{{ x }}"),
        ("{{ code('BG4') }}", "BG4-1"),
        ("{{ 'a long text'|truncate(7, true, '', 0) }} {{ 'a b&c'|urlencode }}", "a long  a%20b%26c"),
    ],
)  # fmt: skip
def test_what_it_can_say(source: str, result: str | None) -> None:
    values = SHOP | {"no": "", "pairs": {"a": 1, "b": 2}, "code": lambda name: f"{name}-1"}
    assert made(source, **values) == (result or "Ada & Bob! ab 3 3 -6")


def test_what_is_html_is_escaped_in_html_only() -> None:
    assert made("{{ x }}{{ x ~ '<' }}{{ x|safe }}", html=True, x="<b>") == (
        "&lt;b&gt;&lt;b&gt;&lt;<b>"
    )
    assert made("{{ x }}", x="<b>") == "<b>"


def test_a_value_is_found_before_a_method_of_the_same_name() -> None:
    assert made("{{ order.items }} {{ order.keys }}", order={"items": 3, "keys": 4}) == "3 4"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("one\n{{ two", "line 2: unexpected end of template"),
        ("{% if x %}\n\n{% for y in z %}", "line 3: Unexpected end of template"),
        ("\n{{ x|nothing }}", "line 2: there is no filter 'nothing'"),
        ("{{ x is nothing }}", "line 1: there is no test 'nothing'"),
        ("{{ x|map('upper') }}", "no filter 'map'"),
        ("{{ x|attr('y') }}", "no filter 'attr'"),
        ("{{ '%9d'|format(1) }}", "no filter 'format'"),
        ("{{ 'x'|center(9) }}", "no filter 'center'"),
        ("{% include 'x' %}", "{% include %} is not for templates"),
        ("{% extends 'x' %}", "{% extends %} is not for templates"),
        ("{% import 'x' as y %}", "{% import %} is not"),
        ("{% from 'x' import y %}", "{% from %} is not"),
        ("{% macro m() %}{% endmacro %}", "{% macro %} is not"),
        ("{% call x() %}{% endcall %}", "{% call %} is not"),
        ("{% set x %}y{% endset %}", "{% set %} around a text is not"),
        ("{% set x.y = 1 %}", "{% set %} of a part is not"),
        ("{% filter upper %}x{% endfilter %}", "{% filter %} is not"),
        ("{% autoescape false %}x{% endautoescape %}", "{% autoescape %} is not"),
        ("{% block x %}{% endblock %}", "{% block %} is not"),
        ("{{ 2 ** 3 }}", "** is not for templates"),
        ("{% for x in y recursive %}{% endfor %}", "can not be recursive"),
        ("{{ x.y() }}", "this can not be called"),
        ("{{ 'x'.format(y) }}", "this can not be called"),
        ("{{ x() }}", "this can not be called"),
        ("{{ loop(x) }}", "this can not be called"),
        ("{{ x.items(*y) }}", "a call takes no stars"),
        ("{{ x.__class__ }}", "'__class__' can not be a name"),
        ("{{ _x }}", "'_x' can not be a name"),
        ("{{ self }}", "'self' can not be a name"),
        ("{{ [x, x] }}", "made of constants only"),
        ("{{ {'a': x} }}", "made of constants only"),
        ("{{ code }}", "code is a function, to be called"),
        ("{% set code = 1 %}", "code is a function, to be called"),
        ("{{ x|default(range) }}", "range is a function"),
        ("{{ code(x) }}", "between quotes"),
        ("{{ code('') }}", "between quotes"),
        ("{{ code(1) }}", "between quotes"),
        ("{{ code('a', 'b') }}", "between quotes"),
        ("{{ code(name='a') }}", "between quotes"),
        ("{{ code(*x) }}", "between quotes"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested too deep"),
        ("{{ 1" + "+1" * 5000 + " }}", "nested too deep"),
        ("{% for a in x %}" * 30 + "{% endfor %}" * 30, "nested too deep"),
    ],
)
def test_what_it_can_not_say(source: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        made(source, x=[1], y={}, z=[])
    assert refused.value.field == "body"
    assert reason in refused.value.reason


DOUBLING = 60 * "{% set a = a ~ a %}"


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(10 ** 9) %}{% endfor %}",
        "{% for i in range(1000000000) %}{% endfor %}",
        "{% for i in range(1000) %}" * 6 + "x" + "{% endfor %}" * 6,
        "{% for i in range(1000) %}" * 6 + "{% endfor %}" * 6,
        "{% for i in many %}" * 6 + "{% endfor %}" * 6,
        "{% for i in range(999) %}{{ loop.length }}{% for j in range(999) %}{% endfor %}{% endfor %}",
        "{% set a = '0123456789' %}" + DOUBLING,
        "{% set a = '0123456789' %}" + DOUBLING.replace("~", "+"),
        "{% set a = '0123456789' %}" + 60 * "{% set a = a|replace('0', a) %}",
        "{% set a = '0123456789' %}" + 60 * "{% set a = many|join(a) %}",
        "{% set a = 9 %}" + 60 * "{% set a = a * a %}",
        "{{ 'x' * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ 1|round(1000000000, 'floor') }}",
        "{% for i in range(1000) %}{{ long }}{% endfor %}",
        "{% for i in many %}{% for i in many %}{% if long|title|upper %}{% endif %}{% endfor %}"
        "{% endfor %}",
        5000 * "{% if long|title|title|title|title %}{% endif %}",
        "{{ nested }}",
        "{{ nested|string }}",
        "{{ nested ~ '' }}",
        "{{ nested|join }}",
        "{{ nested|upper }}",
        "{{ 1 / 0 }}",
        "{{ long|int }}",
    ],
)
def test_it_can_not_take_the_service_with_it(source: str) -> None:
    values = {"many": list(range(900)), "long": "long " * 20_000, "nested": [[1]] * 9}
    began = process_time()
    if source == "{{ long|int }}":
        assert made(source, **values) == "0"
    else:
        with pytest.raises((InvalidValue, limits.TooMuch, TypeError, ZeroDivisionError)):
            made(source, **values)
    # The budget is one second; beside it there is what it takes to compile.
    assert process_time() - began < 10


def test_a_name_without_a_value_is_an_error() -> None:
    for source in (
        "{{ x }}",
        "{{ x.y }}",
        "{{ y.z }}",
        "{% for a in x %}{% endfor %}",
        "{{ x ~ 1 }}",
    ):
        with pytest.raises(Exception, match=r"undefined|no attribute"):
            made(source, y={})


def test_the_meaning_has_every_name_and_campaign_once() -> None:
    source = "{{ a }}\n{{ code('B') }}{{ code('A') }}{% set c = b %}{{ c }}{{ a }}{{ code('B') }}"
    found = language.meaning(source, "body")
    assert (found.names, found.campaigns) == ({"a", "b"}, ("B", "A"))
    assert (found.lines["a"], found.lines["b"]) == (1, 2)
