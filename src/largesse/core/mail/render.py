"""What a mail with a code says: subject, text and HTML."""

from dataclasses import dataclass

from jinja2.sandbox import SandboxedEnvironment

TEXT = """\
{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

your promotion code is:

    {{ code }}

{{ title }}
{{ description }}
{% if expires %}
It can be used until {{ expires }}.
{% endif %}"""

HTML = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body style="font-family: sans-serif; color: #1a1a1a">
<p>{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}</p>
<p>your promotion code is:</p>
<p style="font-size: 1.6em; font-family: monospace"><strong>{{ code }}</strong></p>
<h1 style="font-size: 1.1em">{{ title }}</h1>
<p>{{ description }}</p>
{% if expires %}<p>It can be used until {{ expires }}.</p>{% endif %}
</body>
</html>
"""

_text = SandboxedEnvironment(autoescape=False).from_string(TEXT)
_html = SandboxedEnvironment(autoescape=True).from_string(HTML)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's subject and both of its parts."""

    subject: str
    text: str
    html: str


def code_mail(
    *, code: str, title: str, description: str | None, name: str, expires: str | None
) -> Rendered:
    """Return the mail that brings a code."""
    title = title.strip()
    values = {
        "code": code,
        "title": title,
        "description": description or "",
        "name": name,
        "expires": expires,
    }
    # A line break in a title would end the subject header.
    subject = " ".join(title.split())
    return Rendered(subject, _text.render(values), _html.render(values))
