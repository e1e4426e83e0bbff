"""What is asked of a campaign, in three steps and a summary, and what its codes would be like.

Each step is sent with what was typed in the others, so that nothing is kept in between: it works
without a script, and goes on behind a session that ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from largesse.admin import forms, render
from largesse.admin.forms import Choice, Field, Form
from largesse.admin.language import N_
from largesse.admin.nouns import id_text, page
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.campaigns.code_format import Sketch
from largesse.core.campaigns.model import (
    Campaign,
    CampaignState,
    CampaignType,
    CodeCheck,
    CodeSource,
    Distribution,
    WhenEmpty,
)
from largesse.core.codes.alphabet import PRESETS
from largesse.core.errors import Invalid
from largesse.core.ids import parsed_id
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

PATH = "/campaigns"

MOST_CHOICES = 500
"""Promotions that can be chosen from."""

OWN = "own"
"""Stands for an alphabet that is none of the usual ones."""

TYPES = ((CampaignType.DISCOUNT, N_("Discount")), (CampaignType.REWARD, N_("Reward")))
DISTRIBUTIONS = (
    (Distribution.UPON_REQUEST, N_("When somebody asks")),
    (Distribution.INSTANT, N_("At once")),
)
SOURCES = (
    (CodeSource.POOL, N_("A pool, filled ahead")),
    (CodeSource.ON_REQUEST, N_("Made on request")),
)
ALPHABETS = (
    ("unambiguous", N_("Clear letters and digits")),
    ("digits", N_("Digits")),
    ("letters", N_("Letters")),
    ("hex", N_("Hexadecimal digits")),
    (OWN, N_("Own characters")),
)
CHECKS = (
    (CodeCheck.NONE, N_("None")),
    (CodeCheck.CHARACTER, N_("Against typing errors")),
    (CodeCheck.KEYED, N_("Secret, against guesses")),
)
EMPTY = (
    (WhenEmpty.REFUSE, N_("Refuse")),
    (WhenEmpty.ON_REQUEST, N_("Make each on request")),
    (WhenEmpty.GENERATE, N_("Fill the pool again")),
)


async def promotions(call: Call) -> Sequence[Choice]:
    """Return the promotions, to choose one from."""
    found = await call.services.promotions.browse(call.caller, Browse(limit=MOST_CHOICES))
    return [(one.id.hex, one.title.strip()) for one in found.items]


@dataclass(frozen=True, slots=True)
class Step:
    """Some fields that are asked together."""

    title: str
    fields: Sequence[Field]


WHAT = Step(
    N_("What"),
    (
        Field("name", N_("Name"), required=True, longest=200),
        Field(
            "alternative_code",
            N_("Alternative code"),
            longest=100,
            help=N_("By this clients of the APIs ask for a code of the campaign."),
        ),
        Field("promotion_id", N_("Promotion"), "choice", choices=promotions, parse=parsed_id),
        Field("type", N_("What a code brings"), "choice", required=True, choices=TYPES),
        Field(
            "distribution",
            N_("When a code is given out"),
            "choice",
            required=True,
            choices=DISTRIBUTIONS,
        ),
        Field("description", N_("Description"), "long"),
    ),
)
CODES = Step(
    N_("Codes"),
    (
        Field("code_source", N_("Where codes come from"), "choice", required=True, choices=SOURCES),
        Field("code_prefix", N_("Prefix"), longest=40),
        Field(
            "code_length",
            N_("Random characters"),
            "integer",
            help=N_("How many of them stand between prefix and suffix."),
        ),
        Field("code_suffix", N_("Suffix"), longest=40),
        Field(
            "code_pattern",
            N_("Pattern"),
            longest=64,
            help=N_(
                "The whole form instead of prefix, length and suffix, e.g. AB-####-????: # is a "
                "digit, ? a letter, * any character."
            ),
        ),
        Field(
            "code_alphabet",
            N_("Characters"),
            "choice",
            required=True,
            choices=ALPHABETS,
            help=N_("Clear ones are not taken for each other: there is no I, L, O, 0 or 1."),
        ),
        Field("own_alphabet", N_("Own characters"), longest=100),
        Field("code_check", N_("Check characters"), "choice", required=True, choices=CHECKS),
        Field(
            "code_check_length",
            N_("Secret check characters"),
            "integer",
            help=N_("How many, from 1 to 16. Left empty, there are 4."),
        ),
    ),
)
LIMITS = Step(
    N_("Limits"),
    (
        Field("codes_in_all", N_("Codes given out in all, at most"), "integer"),
        Field("codes_per_receiver", N_("Codes for one receiver, at most"), "integer"),
        Field("codes_per_day", N_("Codes given out on one day, at most"), "integer"),
        Field("uses_per_code", N_("Uses of one code, at most"), "integer"),
        Field("codes_start_at", N_("Codes can be used from"), "moment"),
        Field("codes_expire_at", N_("Codes can be used until"), "moment"),
        Field(
            "alarm_level",
            N_("Raise an alarm below"),
            "integer",
            help=N_("So many codes left in the pool; and again at each half of it."),
        ),
        Field("when_empty", N_("When the pool is empty"), "choice", required=True, choices=EMPTY),
    ),
)
STEPS = (WHAT, CODES, LIMITS)
SUMMARY = len(STEPS) + 1
FIELDS = tuple(field for step in STEPS for field in step.fields)

FRESH: Mapping[str, Any] = {
    "type": CampaignType.DISCOUNT,
    "distribution": Distribution.UPON_REQUEST,
    "code_source": CodeSource.POOL,
    "code_length": 10,
    "code_alphabet": "unambiguous",
    "code_check": CodeCheck.NONE,
    "when_empty": WhenEmpty.REFUSE,
}
"""What stands in the fields of a new one."""

NEVER_NULL = {"code_length", "code_check_length"}
"""What keeps its value where nothing is typed."""


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the core takes of the fields' values."""
    found = dict(values)
    own = found.pop("own_alphabet", None)
    if found.get("code_alphabet") == OWN:
        found["code_alphabet"] = own or ""
    for name in ("code_prefix", "code_suffix"):
        if name in found:
            found[name] = found[name] or ""
    if found.get("code_check") != CodeCheck.KEYED:
        # How many there are follows.
        found["code_check_length"] = None
    return {k: v for k, v in found.items() if v is not None or k not in NEVER_NULL}


def shown(campaign: Campaign) -> dict[str, Any]:
    """Return the values of the fields of a campaign."""
    found = {one.name: getattr(campaign, one.name, None) for one in FIELDS}
    found["promotion_id"] = None if campaign.promotion_id is None else campaign.promotion_id.hex
    found["code_check_length"] = campaign.code_check_length or None
    names = {characters: name for name, characters in PRESETS.items()}
    found["code_alphabet"] = names.get(campaign.code_alphabet, OWN)
    if found["code_alphabet"] == OWN:
        found["own_alphabet"] = campaign.code_alphabet
    return found


async def sketched(call: Call, form: Form) -> dict[str, Any]:
    """Return what the codes that a form asks for would be like, or why there can be none."""
    sketch: Sketch | None = None
    if not any(one.name in form.errors for one in CODES.fields):
        asked = given({one.name: form.values.get(one.name) for one in CODES.fields})
        try:
            sketch = await call.services.campaigns.sketch(call.caller, asked)
        except Invalid as refusal:
            form.refuse(refusal)
    return {"sketch": sketch, "refusal": None if sketch else _refusal(form)}


def _refusal(form: Form) -> str:
    for one in CODES.fields:
        if one.name in form.errors:
            return f"{form.viewer.say(one.label)}: {form.errors[one.name]}"
    return form.errors.get("", "")


async def preview(call: Call) -> Page:
    """Show examples of the codes that stand in a form, and how many there are."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    form = await forms.read(call, render.viewer(call), CODES.fields)
    return Page("campaigns/sketch.html", await sketched(call, form))


async def ask(call: Call) -> Page:
    """Ask the first step of a new campaign."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    form = await forms.blank(call, render.viewer(call), FIELDS, **FRESH)
    return _page(form, 1, {"sketch": None, "refusal": None})


async def make(call: Call) -> Any:
    """Take one step of a new campaign, or make it behind the last one."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    form = await forms.read(call, render.viewer(call), FIELDS)
    to = _number(call, "to", _number(call, "step", 1) + 1)
    sketch = await sketched(call, form)
    wrong = [at for at in range(1, min(to, SUMMARY)) if _is_wrong(form, at, sketch)]
    if to > SUMMARY and not wrong:
        if (response := await _made(call, form)) is not None:
            return response
        wrong = [at for at in range(1, SUMMARY) if _is_wrong(form, at, sketch)] or [SUMMARY]
    if wrong:
        return _page(form, wrong[0], sketch)
    # What was not asked yet is not wrong yet.
    form.errors.clear()
    return _page(form, min(to, SUMMARY), sketch)


async def _made(call: Call, form: Form) -> Response | None:
    posted = forms.fields(call).get("state") == "posted"
    state = CampaignState.POSTED if posted else CampaignState.DRAFT
    with form.refusing():
        campaign = await call.services.campaigns.create(
            call.caller, given(form.values) | {"state": state}
        )
        said = form.viewer.say(N_("%(name)s was made."), name=campaign.name)
        return render.go(call, f"{PATH}/{id_text(campaign.id)}", said)
    return None


def _is_wrong(form: Form, at: int, sketch: Mapping[str, Any]) -> bool:
    step = STEPS[at - 1]
    no_codes = step is CODES and sketch["sketch"] is None
    return no_codes or any(one.name in form.errors for one in step.fields)


def _number(call: Call, name: str, otherwise: int) -> int:
    text = forms.fields(call).get(name, "")
    return int(text) if len(text) == 1 and text in "12345" else otherwise


def _page(form: Form, at: int, sketch: Mapping[str, Any]) -> Page:
    data = {
        "form": form,
        "steps": STEPS,
        "at": at,
        "labels": {name: dict(choices) for name, choices in form.choices.items()},
        **sketch,
    }
    return Page("campaigns/new.html", data, 422 if form.errors else None)


ROUTES = (
    page("GET", f"{PATH}/new", ask),
    page("POST", f"{PATH}/new", make),
    page("POST", f"{PATH}/preview", preview),
)
