"""Read the golden files and compare what a dialect sent with what its document prints.

The format is described in tests/dialects/README.md.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

VENDORS = ("crmcom", "intershop", "oracle", "valomnia")
DIALECTS = Path(__file__).parent / "dialects"

ONCE = {
    *("Source", "Document", "Kind", "Method", "Path", "Status", "error-key", "errorCode"),
    *("Content-Type", "Pair", "SHA256"),
}
MANY = {"Example", "Printed", "Note"}

Key = str | int
"""A member's name, or a position in a list."""


@dataclass(frozen=True, slots=True)
class Golden:
    """One golden file: what a document prints, and where it prints it."""

    vendor: str
    name: str
    source: str
    """Begins with SEED and the document's number, or with DOC, INFERRED or DECIDED."""
    document: str | None
    """The title of the document."""
    kind: str
    """request, response, or value: one printed example value."""
    method: str | None
    path: str | None
    """As printed: VERSION is still to be replaced."""
    status: int | None
    """None where the document prints no status."""
    error_key: str | None
    error_code: str | None
    content_type: str | None
    examples: tuple[tuple[str, str], ...]
    """Printed names and example values of a request whose body is not printed."""
    pair: str | None
    """The golden request that a response answers, or that a value belongs to."""
    printed: tuple[str, ...]
    """The lines of the document that the headers rest on."""
    notes: tuple[str, ...]
    sha256: str
    body: bytes

    @property
    def evidence(self) -> bytes:
        """What SHA256 covers: the body or, where there is none, the Printed lines."""
        return self.body or "\n".join(self.printed).encode()

    @property
    def mark(self) -> str:
        """SEED, DOC, INFERRED or DECIDED."""
        return self.source.split(" ", 1)[0]

    def json(self) -> object:
        """The body as parsed JSON."""
        return _parse(self.body)


@cache
def load(vendor: str, name: str) -> Golden:
    """Read one golden file; FileNotFoundError if there is none of that name."""
    file = DIALECTS / vendor / "golden" / f"{name}.golden"
    try:
        return _read(vendor, name, file.read_bytes())
    except (ValueError, KeyError) as error:
        raise ValueError(f"{file}: {error}") from error


def all_golden(vendor: str) -> tuple[Golden, ...]:
    """Every golden file of a vendor, by name."""
    files = sorted((DIALECTS / vendor / "golden").glob("*.golden"))
    return tuple(load(vendor, file.stem) for file in files)


def _read(vendor: str, name: str, content: bytes) -> Golden:
    head, line, body = content.partition(b"---\n")
    if not line or not head.endswith(b"\n"):
        raise ValueError("no line `---` between the header and the body")
    once, many = _headers(head.decode())
    status = once.get("Status")
    examples = [example.partition("=") for example in many["Example"]]
    return Golden(
        vendor=vendor,
        name=name,
        source=once["Source"],
        document=once.get("Document"),
        kind=once["Kind"],
        method=once.get("Method"),
        path=once.get("Path"),
        status=None if status is None else int(status),
        error_key=once.get("error-key"),
        error_code=once.get("errorCode"),
        content_type=once.get("Content-Type"),
        examples=tuple((key, value) for key, _, value in examples),
        pair=once.get("Pair"),
        printed=tuple(many["Printed"]),
        notes=tuple(many["Note"]),
        sha256=once["SHA256"],
        # The file's last line break ends the file; it is not part of the body.
        body=body.removesuffix(b"\n"),
    )


def _headers(head: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    once: dict[str, str] = {}
    many: dict[str, list[str]] = {key: [] for key in MANY}
    for line in head.splitlines():
        key, colon, value = line.partition(": ")
        if key in many and colon:
            many[key].append(value)
        elif key in ONCE and colon and key not in once:
            once[key] = value
        else:
            raise ValueError(f"unknown or repeated header: {line!r}")
    return once, many


# --- comparing JSON

SHORT_ID = "short id"
SHAPES = {
    "32 upper-case hex digits": re.compile(r"[0-9A-F]{32}"),
    # Printed short ("1"); a service that numbers otherwise may send its long form.
    SHORT_ID: re.compile(r"[0-9]{1,10}|[0-9A-F]{32}"),
    "yyyy-MM-ddTHH:mm:ss": re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d", re.ASCII),
    "yyyy-MM-ddTHH:mm:ssZ": re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ", re.ASCII),
    "promotion code": re.compile(r"[0-9A-Za-z-]{4,64}"),
}
INTEGER_ID = "integer id"
URL = re.compile(r"https?://[^/\s]+(/\S*)")


def shape_of(value: object) -> str:
    """The kind of a printed value that varies from run to run; ValueError if it is of none."""
    if type(value) is int and value > 0:
        return INTEGER_ID
    if isinstance(value, str):
        for shape, pattern in SHAPES.items():
            if pattern.fullmatch(value):
                return shape
        if url := URL.fullmatch(value):
            return f"URL of {url[1]}"
    raise ValueError(f"no shape describes {value!r}, so it cannot be masked")


def _has_shape(value: object, shape: str) -> bool:
    if pattern := SHAPES.get(shape):
        return isinstance(value, str) and pattern.fullmatch(value) is not None
    try:
        return shape_of(value) == shape
    except ValueError:
        return False


def mask_json(text: str | bytes, paths: Iterable[str]) -> object:
    """Parse `text` and put the name of its shape, in angle brackets, for each value at `paths`.

    A path joins keys with dots (`data.id`); in a list, a number is a position and `*` is every one.
    """
    document = _parse(text)
    for path in paths:
        for holder, key in _places(document, path).values():
            holder[key] = f"<{shape_of(holder[key])}>"
    return document


def assert_same_json(actual: bytes, golden: Golden, masked: Sequence[str] = ()) -> None:
    """Same keys, types and values as printed; values at `masked` paths need only the printed shape.

    The order of keys and the white space do not count. A masked URL may differ in scheme and host.
    A path that finds nothing in the golden file fails: masks do not outlive their reason.
    """
    wanted = golden.json()
    try:
        got = _parse(actual)
    except ValueError as error:
        raise AssertionError(f"{_title(golden)}: not JSON ({error}): {actual[:500]!r}") from None
    for path in masked:
        printed, sent = _places(wanted, path), _places(got, path)
        if not printed:
            raise AssertionError(f"{_title(golden)}: the mask {path!r} finds nothing")
        for where, (holder, key) in printed.items():
            shape = shape_of(holder[key])
            holder[key] = f"<{shape}>"
            if where in sent:
                holder, key = sent[where]
                if _has_shape(holder[key], shape):
                    holder[key] = f"<{shape}>"
    _assert_same_lines(_pretty(wanted), _pretty(got), golden)


def _parse(text: str | bytes) -> object:
    """Strict JSON: UTF-8, no key twice, no NaN."""

    def only_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(members := dict(pairs)) != len(pairs):
            raise ValueError(f"a key stands twice: {[key for key, _ in pairs]}")
        return members

    def no_constant(name: str) -> object:
        raise ValueError(f"{name} is not JSON")

    if isinstance(text, bytes):
        text = text.decode()
    return json.loads(text, object_pairs_hook=only_once, parse_constant=no_constant)


def _places(document: Any, path: str) -> dict[tuple[Key, ...], tuple[Any, Key]]:
    """Where `path` leads: every way there, with the container and its key at the end."""
    *way, last = path.split(".")
    found: dict[tuple[Key, ...], Any] = {(): document}
    for step in way:
        found = {
            (*where, key): value[key]
            for where, value in found.items()
            for key in _keys(value, step)
        }
    return {
        (*where, key): (value, key) for where, value in found.items() for key in _keys(value, last)
    }


def _keys(value: object, step: str) -> Iterator[Key]:
    if isinstance(value, dict) and step in value:
        yield step
    elif isinstance(value, list):
        yield from (i for i in range(len(value)) if step in ("*", str(i)))


def _pretty(document: object) -> list[str]:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


# --- comparing bytes


def assert_same_bytes(actual: bytes, golden: Golden, masked: Sequence[str] = ()) -> None:
    """The printed bytes; what a `masked` regex finds (its group 1, if it has one) does not count.

    The regex itself is the shape. One that finds nothing in the golden file fails.
    """
    wanted, got = golden.body, actual
    for pattern in masked:
        regex = re.compile(pattern.encode())
        if not regex.search(golden.body):
            raise AssertionError(f"{_title(golden)}: the mask {pattern!r} finds nothing")
        wanted, got = _mask_spans(regex, wanted), _mask_spans(regex, got)
    if wanted != got:
        _assert_same_lines(_visible(wanted), _visible(got), golden)


def _mask_spans(regex: re.Pattern[bytes], content: bytes) -> bytes:
    masked, end = b"", 0
    for match in regex.finditer(content):
        start, stop = match.span(1 if regex.groups else 0)
        masked += content[end:start] + b"<masked>"
        end = stop
    return masked + content[end:]


def _visible(content: bytes) -> list[str]:
    """Lines in which blanks at the end, line breaks and odd bytes can be seen."""
    return [repr(line)[2:-1] for line in content.splitlines(keepends=True)]


def _assert_same_lines(wanted: list[str], got: list[str], golden: Golden) -> None:
    if wanted != got:
        diff = "\n".join(difflib.unified_diff(wanted, got, "printed", "sent", lineterm=""))
        raise AssertionError(f"{_title(golden)} was not answered as printed:\n{diff}")


def _title(golden: Golden) -> str:
    return f"{golden.vendor}/{golden.name} ({golden.source})"
