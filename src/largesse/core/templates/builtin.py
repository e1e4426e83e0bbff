"""The templates that are there from the beginning. One of an organization's own goes first."""

from collections.abc import Mapping
from typing import Any

from largesse.core.templates.model import ANY_LOCALE, MailTemplate, TemplateKind

CODE = "code"
"""The key of the mail that brings a code."""

CONFIRM = "newsletter.confirm"
"""The key of the mail that asks to confirm a subscription (double opt-in)."""

CODE_TEXT = """\
{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

your promotion code is:

    {{ promotion_code }}

{{ title }}
{{ description }}
{% if expires %}
It can be used until {{ expires }}.
{% endif %}"""

CODE_BODY = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body style="font-family: sans-serif; color: #1a1a1a">
<p>{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}</p>
<p>your promotion code is:</p>
<p style="font-size: 1.6em; font-family: monospace"><strong>{{ promotion_code }}</strong></p>
<h1 style="font-size: 1.1em">{{ title }}</h1>
<p>{{ description }}</p>
{% if expires %}<p>It can be used until {{ expires }}.</p>{% endif %}
</body>
</html>
"""

CONFIRM_BODY = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Please confirm</title></head>
<body style="font-family: sans-serif; color: #1a1a1a">
<p>{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}</p>
<p>somebody asked to send our newsletter to {{ email }}. If it was you, please
<a href="{{ confirm_url }}">confirm your subscription</a>.</p>
<p>If it was not you, there is nothing to do: you will get no newsletter.</p>
</body>
</html>
"""


def _builtin(
    key: str, *, subject: str, body: str, example: Mapping[str, Any], text: str | None = None
) -> MailTemplate:
    return MailTemplate(
        id=None,
        key=key,
        locale=ANY_LOCALE,
        kind=TemplateKind.TRANSACTIONAL,
        subject=subject,
        body=body,
        text=text,
        example=example,
        version=1,
        created_at=None,
        updated_at=None,
    )


BUILT_IN: Mapping[str, MailTemplate] = {
    template.key: template
    for template in (
        _builtin(
            CODE,
            subject="{{ title }}",
            body=CODE_BODY,
            text=CODE_TEXT,
            example={
                "promotion_code": "CCZN413KW8RK",
                "title": "10 EUR off",
                "description": "10 EUR off your next order.",
                "expires": "2030-12-31",
            },
        ),
        _builtin(
            CONFIRM,
            subject="Please confirm your subscription",
            body=CONFIRM_BODY,
            example={"confirm_url": "https://shop.example.com/v1/confirm/token"},
        ),
    )
}
