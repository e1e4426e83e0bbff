"""Templates as mails: MJML, the text made of HTML, and what can not become a mail."""

from typing import Any

import pytest

from largesse.core.errors import InvalidValue
from largesse.core.templates.builtin import BUILT_IN
from largesse.core.templates.model import Addressee, MailTemplate, Rendered, TemplateKind
from largesse.core.templates.plain import to_text
from largesse.core.templates.render import (
    LONGEST_SOURCE,
    Compiler,
    compile_template,
    filled,
    values_of,
)


def template(body: str, *, subject: str = "S", text: str | None = None) -> MailTemplate:
    kind = TemplateKind.TRANSACTIONAL
    return MailTemplate(None, "k", "", kind, subject, body, text, {}, 1, None, None)


def render(body: str, *, codes: dict[str, str] | None = None, **values: Any) -> Rendered:
    return filled(compile_template(template(body)), values, codes or {})


def in_mjml(inside: str) -> str:
    return (
        f"<mjml><mj-body>\n<mj-section><mj-column>\n{inside}\n</mj-column></mj-section>"
        "</mj-body></mjml>"
    )


class TestMjml:
    def test_expressions_survive_in_texts_attributes_and_between_components(self) -> None:
        body = """<mjml><mj-head><mj-title>{{ title }}</mj-title>
        <mj-preview>{{ code("P") }}</mj-preview></mj-head><mj-body><mj-section><mj-column>
        {% for one in items if one.price < 9 and one.price > 1 %}
          <mj-text color="{{ color }}">{{ one.title if one.price < 4 else "dear" }} &amp;</mj-text>
        {% else %}<mj-divider/>{% endfor %}
        <mj-button href="{{ url }}?q={{ title|urlencode }}&amp;x=1">{{ 'go "there"' }}</mj-button>
        <mj-table>{% for one in items %}<tr><td>{{ one.price }}</td></tr>{% endfor %}</mj-table>
        <mj-raw>{% raw %}{{ as it is }}{% endraw %}</mj-raw>
        </mj-column></mj-section>{# nothing #}</mj-body></mjml>"""
        made = render(
            body,
            codes={"P": "CODE7"},
            title='A "b" & <c>',
            color="#f00",
            url="https://x.example/a",
            items=[{"title": "Hat", "price": 3}, {"title": "Cap", "price": 5}],
        )
        html = made.html
        assert "<title>A &#34;b&#34; &amp; &lt;c&gt;</title>" in html
        assert html.count(">Hat &amp;<") == html.count(">dear &amp;<") == 1
        assert "color:#f00" in html
        assert 'href="https://x.example/a?q=A%20%22b%22%20%26%20%3Cc%3E&amp;x=1"' in html
        assert "<td>3</td>" in html
        assert "<td>5</td>" in html
        assert "CODE7" in html
        assert "{{ as it is }}" in html
        assert "nothing" not in html
        assert "mj-" not in html.replace('"mj-', "").replace(".mj-", "").replace(" mj-", "")
        assert made.text == (
            "Hat &\n\ndear &\n\n"
            "go &#34;there&#34; (https://x.example/a?q=A%20%22b%22%20%26%20%3Cc%3E&x=1)\n\n3\n\n5\n\n"
            "{{ as it is }}\n"
        ).replace("&#34;", '"')

    def test_no_font_is_fetched_from_a_foreign_host(self) -> None:
        assert "fonts.googleapis" not in render(in_mjml("<mj-text>x</mj-text>")).html

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ("<mjml", "unexpected end of stream"),
            ("<mjml></mjml", "unable to parse"),
            ("<mjml>\n<mj-body>\n</mj-body>\n<p/></mjml>", "line 4: unexpected element"),
            (
                "<mjml><mj-body><mj-text>{{ 1\n\n}}</mj-text>\n</mj-body><p/></mjml>",
                "line 4: unexp",
            ),
            (in_mjml('<mj-image width="{{ w }}"/>'), "line 3: MJML takes no expression"),
            (in_mjml('<mj-include path="/etc/passwd"/>'), "unable to load included"),
            (in_mjml("{% if x %}"), "line 3: unexpected end of template"),
            ("<mjml><mj-body>" + 5000 * "<mj-section>", "nested too deep"),
            (in_mjml(f"<mj-text>{5000 * '<b>'}</mj-text>"), "nested too deep"),
        ],
    )
    def test_a_mistake_is_named_with_its_line(self, body: str, reason: str) -> None:
        with pytest.raises(InvalidValue) as refused:
            compile_template(template(body))
        assert refused.value.field == "body"
        assert reason.lower() in refused.value.reason.lower()

    def test_html_that_becomes_too_large_is_refused(self) -> None:
        many = 9000 * "<mj-text>x</mj-text>"
        with pytest.raises(InvalidValue, match="characters of HTML"):
            compile_template(template(in_mjml(many)))


class TestText:
    @pytest.mark.parametrize(
        ("html", "text"),
        [
            ("<p>a</p><p>b<br>c</p>", "a\n\nb\nc\n"),
            ("<h1>T</h1>a\n  b<hr>c", "T\n\na b\n\nc\n"),
            ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\nc\n"),
            ('<a href="https://x.example/?a=1&amp;b=2">go</a>', "go (https://x.example/?a=1&b=2)\n"),
            ('<a href="https://x.example">https://x.example</a>', "https://x.example\n"),
            ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example\n"),
            ('<a href="#top">up</a> <a name="x">there</a>', "up there\n"),
            ('<a href="https://x.example"><img src="a.png" alt="Shop"></a>', "Shop (https://x.example)\n"),
            ("<style>x</style><script>y</script><title>z</title>a", "a\n"),
            ('<div style="display: none">pre<br><b>x</b></div>a', "a\n"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc\n"),
            ("<!-- no -->&auml;&nbsp;&lt;b&gt;", "ä <b>\n"),
            ("<p>unclosed <b>bold <p>more</div></a>", "unclosed bold\n\nmore\n"),
            ("", "\n"),
        ],
    )  # fmt: skip
    def test_it_says_what_the_html_says(self, html: str, text: str) -> None:
        assert to_text(html) == text

    def test_it_is_filled_like_the_html_but_not_escaped(self) -> None:
        body = (
            "<p>Hello{% if name %} {{ name }}{% endif %},</p><ul>{% for x in items %}<li>{{ x }}"
            '</li>{% endfor %}</ul><a href="{{ url }}">see</a>'
        )
        made = render(body, name="A & B", items=["<1>", "2"], url="https://x.example/?a&b")
        assert made.text == "Hello A & B,\n\n- <1>\n- 2\nsee (https://x.example/?a&b)\n"
        assert "&lt;1&gt;" in made.html
        assert render(body, name="", items=[], url="u").text == "Hello,\n\nsee (u)\n"

    def test_braces_behind_entities_are_no_expression(self) -> None:
        for brace in ("&#123;&#123; x }}", "&#123;% if x %}", "&lbrace;&lbrace; code('A') }}"):
            made = render(f"<p>{brace}</p>")
            assert made.text.startswith("{")

    def test_half_a_tag_needs_a_text_of_its_own(self) -> None:
        body = '<p {% if x %}title="a">{% else %}>{% endif %}b</p>'
        with pytest.raises(InvalidValue, match="no text can be made of it"):
            compile_template(template(body))
        made = filled(compile_template(template(body, text="b {{ x }}")), {"x": 1}, {})
        assert (made.text, made.html) == ("b 1", '<p title="a">b</p>')


class TestFilled:
    def test_a_subject_is_one_line_without_control_characters(self) -> None:
        made = filled(
            compile_template(template("x", subject="  A {{ x }}\n B ")),
            {"x": "1\r\nBcc: e@x.example\u2028\x85\x00\x1b[31m\t2"},
            {},
        )
        assert made.subject == "A 1 Bcc: e@x.example [31m 2 B"

    @pytest.mark.parametrize(
        ("parts", "values", "field"),
        [
            ({"subject": "{{ x }}"}, {"x": " \r\n"}, "subject"),
            ({"subject": "{{ x }}"}, {"x": "a" * 401}, "subject"),
            ({"subject": "{{ x }}"}, {}, "subject"),
            ({"body": "{{ x }}"}, {"x": "\x00"}, "body"),
            ({"body": "{{ x }}"}, {"x": "\ud800"}, "body"),
            ({"body": "{{ x }}"}, {"x": ["a"]}, "body"),
            ({"body": "{{ x.y }}"}, {"x": {}}, "body"),
            ({"body": "{{ x + 1 }}"}, {"x": "a"}, "body"),
            ({"text": "{{ x }}"}, {"x": "a" * 500_001}, "text"),
            ({"body": "{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}"}, {"x": "a" * 999}, "body"),
        ],
    )  # fmt: skip
    def test_what_can_not_become_a_mail_is_refused(
        self, parts: dict[str, str], values: dict[str, Any], field: str
    ) -> None:
        compiled = compile_template(template(**({"body": "b", "text": "t"} | parts)))
        with pytest.raises(InvalidValue) as refused:
            filled(compiled, values, {})
        assert refused.value.field == field

    def test_sources_are_not_endless(self) -> None:
        for parts in ({"subject": 1}, {"body": 1}, {"text": 1}):
            long = {name: "x" * (LONGEST_SOURCE + 1) for name in parts}
            with pytest.raises(InvalidValue, match=f"{next(iter(parts))}: has more than"):
                compile_template(template(**({"body": "b"} | long)))

    def test_built_in_ones_can_be_filled(self) -> None:
        for one in BUILT_IN.values():
            addressee = Addressee("a@x.example", name="Ada", values=one.example)
            made = filled(compile_template(one), values_of(addressee, None), {})
            for value in one.example.values():
                assert value in made.subject + made.text
                assert value in made.html


def test_a_version_is_compiled_once() -> None:
    compiler = Compiler()
    first = template("x")
    assert compiler.compiled(first) is compiler.compiled(first)
