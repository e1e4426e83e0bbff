"""Requests that nobody should send: shaped after the routes' own types, and full of odd values."""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

UNKEPT = ("a\0b", "\0", "\ud800")
LONG = ("x" * 201, "x" * 20_001, "ß" * 70)
"""Texts on which one of the databases breaks: these come more often than other odd ones."""

ODD_TEXTS = (
    "",
    " ",
    "-",
    "0",
    "null",
    "*",
    "%",
    "_",
    "..",
    "\r\nX-Injected: 1",
    "\u2028\ufeff\u202e",
    "😀" * 200,
    "' OR 1=1 --",
    "<script>&amp;</script>",
    "${jndi:x}",
    "99999999999999999999999999",
    "1e400",
    "-1",
    "2016-08-24T11:32:37Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "ada@example.com",
    "a@b@c",
    "müller@exämple.com",
    "00000000000000000000000000000000",
    "01890a5d-ac96-774b-bcce-b302099a8057",
)

# Not 100,000 or a little less: so many codes may be made at once, and would be.
ODD_NUMBERS = (0, -1, 1, 2, 1001, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**40)

# What a path may be made of beside plain letters.
ODD_SEGMENTS = (
    *("%00", "%", "%zz", "%ff", "%C3%28", "%2500", "%ED%A0%80", "%2F", "%2e%2e", "..", "."),
    *(";a=b", "x;UserID=%00", "%3B", "%0A", "+", "%2B", "%20", "~", "%F0%9F%98%80"),
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from(ODD_NUMBERS)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(ODD_TEXTS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ODD_TEXTS), inner, max_size=3)
    ),
    max_leaves=5,
)


@functools.cache
def once_in(times: int) -> st.SearchStrategy[bool]:
    """True so seldom. (Numbers would not do: the ends of a range are drawn more often.)

    Kept: Hypothesis looks at each element of a new one, and there are up to 3000.
    """
    return st.sampled_from([False] * (times - 1) + [True])


@dataclass(frozen=True)
class Values:
    """What values are drawn from: those that mean something, by what they are called, and odd ones."""

    known: Mapping[str, Sequence[Any]]
    """The name "" is for all others."""
    odd_once_in: int = 8
    """How seldom a value is odd."""

    def known_as(self, name: str) -> st.SearchStrategy[Any]:
        """Values that mean something under this name."""
        return st.sampled_from(self.known.get(name) or self.known[""])


ODD = st.one_of(*map(st.sampled_from, (UNKEPT, LONG, ODD_TEXTS)), st.text(max_size=12))


@st.composite
def texts(draw: st.DrawFn, values: Values, name: str) -> Any:
    """A value that means something, an odd text, or any."""
    return draw(ODD if draw(once_in(values.odd_once_in)) else values.known_as(name))


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """A value with one odd part, so that whoever reads it gets as far as there."""
    places = list(parts(value))
    if not places:
        return draw(JSON)
    holder, key = draw(st.sampled_from(places))
    holder[key] = draw(ODD | JSON)
    return value


def parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every member of a value that has none itself, with what holds it."""
    if isinstance(value, dict | list):
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            if isinstance(inner, dict | list):
                yield from parts(inner)
            else:
                yield value, key


@st.composite
def shaped(draw: st.DrawFn, info: Any, values: Values, name: str = "") -> Any:
    """A value of a type, as JSON has it; now and then of another type, and so are its parts."""
    if draw(once_in(3 * values.odd_once_in)):
        return draw(JSON)
    match info:
        case inspect.StructType():
            optional = [field.name for field in info.fields if not field.required]
            some = draw(st.lists(st.sampled_from(optional), max_size=3)) if optional else []
            return {
                field.encode_name: draw(shaped(field.type, values, field.name))
                for field in info.fields
                if field.required or field.name in some
            }
        case inspect.UnionType():
            # Null is one of the types of most fields that may be left out.
            kinds = [one for one in info.types if not isinstance(one, inspect.NoneType)]
            kinds = [*kinds * 4, *info.types]
            return draw(shaped(draw(st.sampled_from(kinds)), values, name))
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType():
            return draw(st.lists(shaped(info.item_type, values, name), max_size=4))
        case inspect.DictType():
            return draw(st.dictionaries(st.sampled_from(ODD_TEXTS), JSON, max_size=3))
        case inspect.EnumType():
            return draw(st.sampled_from([member.value for member in info.cls]))
        case inspect.LiteralType():
            return draw(st.sampled_from(info.values))
        case inspect.BoolType():
            return draw(st.booleans())
        case inspect.IntType():
            few = values.known_as(name) if name in values.known else st.integers(0, 20)
            return draw(few | st.sampled_from(ODD_NUMBERS))
        case inspect.FloatType():
            return draw(st.floats(allow_nan=False, allow_infinity=False))
        case inspect.NoneType():
            return None
        case inspect.DateType():
            return str(draw(st.dates()))
        case inspect.DateTimeType():
            zone = draw(st.sampled_from(["Z", "+14:00", "-23:59", ""]))
            return draw(st.datetimes()).isoformat() + zone
        case inspect.StrType() | inspect.UUIDType():
            return draw(texts(values, name))
        case _:
            return draw(JSON)


def as_json(value: Any) -> bytes:
    """Write JSON; a lone half of a surrogate pair is written as its escape."""
    return json.dumps(value).encode()


def as_form(value: Any) -> bytes:
    """Write the members of an object as a form."""
    members = value if isinstance(value, dict) else {"value": value}
    return urlencode(
        [(str(k), str(v)) for k, v in members.items()], errors="surrogatepass"
    ).encode()


def as_xml(root: str, value: Any) -> bytes:
    """Write an object as XML, without any care for what XML allows."""

    def element(name: str, inner: Any) -> str:
        if isinstance(inner, dict):
            content = "".join(element(key, one) for key, one in inner.items())
        elif isinstance(inner, list):
            content = "".join(element("element", one) for one in inner)
        else:
            content = "" if inner is None else str(inner).replace("&", "&amp;").replace("<", "&lt;")
        return f"<{name}>{content}</{name}>"

    return f'<?xml version="1.0"?>{element(root, value)}'.encode(errors="surrogatepass")


BODIES_OF_NO_SHAPE = (
    b"",
    b" ",
    b"{",
    b"[]",
    b"null",
    b"0",
    b'"x"',
    b"\xff\xfe\x00",
    b'{"a":NaN}',
    b"[" * 3000,
    b'{"a":1,"a":2}',
    b"a=b&a=%00&%ff=%",
    b'<!DOCTYPE a [<!ENTITY e "x"><!ENTITY f "&e;&e;">]><a>&f;</a>',
    b"<a><b></a>",
    b"\0" * 20,
)

MEDIA_TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "text/xml",
    "application/xml;charset=ISO-8859-1",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "nonsense",
    "",
)

ACCEPTED = ("*/*", "application/json", "text/xml", "application/xml", "image/png", ";q=x,,", "")


@st.composite
def bodies(
    draw: st.DrawFn, kind: Any, values: Values, *, token: str, spoil: bool
) -> tuple[bytes, str]:
    """A body and its media type."""
    if kind is None or draw(once_in(20)):
        body = draw(st.sampled_from(BODIES_OF_NO_SHAPE) | st.binary(max_size=60))
        return body, draw(st.sampled_from(MEDIA_TYPES))
    value = draw(shaped(inspect.type_info(kind), values))
    if spoil:
        value = draw(spoilt(value))
    if isinstance(value, dict) and "token" in kind.__struct_fields__ and not draw(once_in(10)):
        value = value | {"token": token}  # CRM.COM's is a member of the body
    if draw(once_in(20)):
        return as_form(value), MEDIA_TYPES[5]
    if draw(once_in(6)):
        return as_xml(kind.__name__, value), draw(st.sampled_from(MEDIA_TYPES[3:5]))
    whole = as_json(value)
    if draw(once_in(20)):
        return whole[: draw(st.integers(0, len(whole)))], MEDIA_TYPES[0]
    odd = draw(once_in(20))
    return whole, draw(st.sampled_from(MEDIA_TYPES if odd else MEDIA_TYPES[:3]))


@st.composite
def path_of(draw: st.DrawFn, path: str, values: Values) -> str:
    """A route's path with its parameters filled in, encoded."""
    parts, noun = [], ""
    for part in path.split("/")[1:]:
        if not part.startswith("{"):
            noun = part
        elif draw(once_in(2 * values.odd_once_in)):
            part = draw(st.sampled_from(ODD_SEGMENTS))
        else:
            name = part[1:-1]
            value = str(draw(texts(values, name if name in values.known else noun)))
            part = quote(value, safe="", errors="surrogatepass")
        parts.append(part)
    return "/".join(("", *parts))


@st.composite
def queries(draw: st.DrawFn, kind: Any, values: Values) -> str:
    """A query, encoded; `kind` is the struct of its parameters, if the route names one."""
    fields = msgspec.structs.fields(kind) if kind else ()
    pairs: list[tuple[str, Any]] = []
    for field in draw(st.lists(st.sampled_from(fields), max_size=3)) if fields else ():
        value = draw(shaped(inspect.type_info(field.type), values, field.name))
        pairs.append((field.encode_name, value))
    if draw(once_in(2 * values.odd_once_in)):
        pairs.append((draw(st.sampled_from(ODD_TEXTS)), draw(st.sampled_from(ODD_TEXTS))))
    return urlencode(pairs, errors="surrogatepass")
