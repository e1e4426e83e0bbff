"""What a template may say: a part of Jinja2, without what can not be bounded.

There is nothing to define, import or inherit: macros, blocks that capture text and namespaces let
a text double itself over and over. What is left is bounded by the template's own length and by
what `limits` counts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2.environment import Template
from jinja2.runtime import Context, markup_join, str_join
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from largesse.core.errors import InvalidValue
from largesse.core.templates import limits

DEEPEST = 60
"""Levels of a template: blocks, brackets and the like inside each other."""

LARGEST = 3000
"""Expressions, and parts of them, in a template: tenths of a second to compile."""

ALLOWED = frozenset(
    {
        *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign),
        *(nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Call),
        *(nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword),
        *(nodes.Filter, nodes.Test, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.Concat),
        *(nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
        *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
    }
)
WORDS: Mapping[type[nodes.Node], str] = {
    nodes.Pow: "**",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.AssignBlock: "{% set %} around a text",
    nodes.NSRef: "{% set %} of a part",
    nodes.FromImport: "{% from %}",
    nodes.Scope: "{% autoescape %}",
}
"""How those are called whose class says it otherwise than a template does."""

METHODS = frozenset({"items", "keys", "values", "cycle", "changed", "startswith", "endswith"})
"""What may be called of a value; of the rest some make texts of any length."""

TESTS = frozenset(
    {
        *("defined", "undefined", "none", "string", "number", "mapping", "iterable", "sequence"),
        *("odd", "even", "divisibleby", "in", "true", "false", "boolean", "integer", "float"),
        *("eq", "equalto", "==", "ne", "!=", "lt", "<", "le", "<=", "gt", ">", "ge", ">="),
    }
)

TOO_DEEP = "is nested too deep"

CLAIM = "code"
"""The function that gives the recipient a code: `{{ code("BG4") }}`."""

FUNCTIONS = frozenset({CLAIM, "range"})


class Language(SandboxedEnvironment):
    """The environment that templates are compiled in."""

    intercepted_binops = frozenset(limits.ARITHMETIC)

    def __init__(self, *, html: bool) -> None:
        super().__init__(
            autoescape=html,
            undefined=StrictUndefined,
            finalize=limits.shown_of,
            keep_trailing_newline=True,
            cache_size=0,
        )
        self.globals = {"range": limits.bounded_range}
        self.filters = dict(limits.ALLOWED_FILTERS)
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS}
        self.counted = limits.counted
        self._html = html

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate, within bounds."""
        return limits.calculate(operator, left, right)

    def concatenated(self, *values: Any) -> Any:
        """Join what stands between tildes, within bounds."""
        shown = [limits.shown_of(value) for value in values]
        limits.check_length(sum(map(len, shown)))
        return markup_join(shown) if self._html else str_join(shown)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what a value has under a name: `order.items` is the order's, not a method."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Say whether a template may touch a method of a value."""
        if callable(value) and attr not in METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)


HTML = Language(html=True)
TEXT = Language(html=False)


class _Bounding(NodeTransformer):
    """Puts the counting into loops and joined texts."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _call("counted", [node.iter], node)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _call("concatenated", node.nodes, node)


def _call(name: str, arguments: Sequence[Any], at: nodes.Node) -> nodes.Call:
    function = nodes.EnvironmentAttribute(name, lineno=at.lineno)
    return nodes.Call(function, list(arguments), [], None, None, lineno=at.lineno)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a template asks for."""

    names: frozenset[str]
    """Values that it takes."""
    lines: Mapping[str, int]
    """Where each is named first."""
    campaigns: tuple[str, ...]
    """Campaigns that it claims a code of, each once."""


def meaning(source: str, field: str) -> Meaning:
    """Return what a template asks for.

    Raises:
        InvalidValue: it is not one, or says what templates can not; the reason names the line.
    """
    tree = _checked(source, field)
    lines: dict[str, int] = {}
    campaigns: dict[str, None] = {}
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.Name):
            lines.setdefault(node.name, node.lineno)
        elif isinstance(node, nodes.Call) and _name(node.node) == CLAIM:
            campaigns[node.args[0].as_const()] = None
    names = meta.find_undeclared_variables(tree) - FUNCTIONS
    return Meaning(frozenset(names), lines, tuple(campaigns))


def compiled(source: str, field: str, *, html: bool) -> Template:
    """Return a template ready to be filled. Raises InvalidValue."""
    language = HTML if html else TEXT
    tree = _Bounding().visit(_checked(source, field))
    try:
        code = language.compile(tree)
    except TemplateSyntaxError as error:
        raise InvalidValue(field, f"line {error.lineno}: {error.message}") from None
    except (SyntaxError, RecursionError):
        # Python allows 20 blocks inside each other.
        raise InvalidValue(field, TOO_DEEP) from None
    return Template.from_code(language, code, language.globals)


def fill(template: Template, values: Mapping[str, Any]) -> str:
    """Fill a template; call it inside `limits.budget`.

    Raises:
        TooMuch: it makes more than it may.
        Exception: whatever becomes of an expression with these values.
    """
    made: list[str] = []
    length = 0
    for piece in template.root_render_func(template.new_context(dict(values))):
        length += len(piece)
        limits.check_length(length)
        made.append(piece)
    return "".join(made)


# --- checking ----------------------------------------------------------------------------------


def _parsed(source: str, field: str) -> nodes.Template:
    try:
        return TEXT.parse(source)
    except TemplateSyntaxError as error:
        raise InvalidValue(field, f"line {error.lineno}: {error.message}") from None
    except RecursionError:
        raise InvalidValue(field, TOO_DEEP) from None


def _checked(source: str, field: str) -> nodes.Template:
    """Return a template's tree. Raises InvalidValue when it says what templates can not."""
    tree = _parsed(source, field)
    called: set[int] = set()
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    line = size = 0
    while waiting:
        node, depth = waiting.pop()
        # Not every node of Jinja2's knows its line.
        line, size = node.lineno or line, size + 1
        if size > LARGEST:
            raise InvalidValue(field, "has too many expressions")
        if isinstance(node, nodes.Call):
            called.add(id(node.node))
        reason = TOO_DEEP if depth > DEEPEST else _objection(node)
        if _name(node) in FUNCTIONS and id(node) not in called:
            reason = f"{_name(node)} is a function, to be called"
        if reason is not None:
            raise InvalidValue(field, f"line {line}: {reason}")
        waiting += [(child, depth + 1) for child in reversed([*node.iter_child_nodes()])]
    return tree


def _name(node: nodes.Node) -> str | None:
    return node.name if isinstance(node, nodes.Name) else None


def _objection(node: nodes.Node) -> str | None:
    """Say why a template can not say this, or None."""
    kind = type(node)
    if kind not in ALLOWED:
        return f"{WORDS.get(kind, '{% ' + kind.__name__.lower() + ' %}')} is not for templates"
    check = _CHECKS.get(kind)
    return None if check is None else check(node)


def _of_call(node: Any) -> str | None:
    function = _name(node.node)
    if function == CLAIM:
        constant = len(node.args) == 1 and isinstance(node.args[0], nodes.Const)
        if constant and not (node.kwargs or node.dyn_args or node.dyn_kwargs):
            value = node.args[0].value
            if isinstance(value, str) and value.strip():
                return None
        return 'code takes the name of a campaign between quotes: code("BG4")'
    if node.dyn_args or node.dyn_kwargs:
        return "a call takes no stars"
    method = isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS
    if function == "range" or method:
        return None
    return "this can not be called"


def _of_name(node: Any) -> str | None:
    if node.name.startswith("_") or node.name in ("self", "super", "caller"):
        return f"{node.name!r} can not be a name"
    return None


def _of_loop(node: Any) -> str | None:
    return "a loop can not be recursive" if node.recursive else None


def _of_attribute(node: Any) -> str | None:
    return f"{node.attr!r} can not be a name" if node.attr.startswith("_") else None


def _of_filter(node: Any) -> str | None:
    if node.node is None or node.name not in limits.ALLOWED_FILTERS:
        return f"there is no filter {node.name!r}"
    return None


def _of_test(node: Any) -> str | None:
    return None if node.name in TESTS else f"there is no test {node.name!r}"


def _of_literal(node: Any) -> str | None:
    if getattr(node, "ctx", "load") != "load":
        return None
    try:
        node.as_const()
    except nodes.Impossible:
        # One that holds another one twice, and so on, is as large as it is deep.
        return "lists and objects are made of constants only"
    return None


_CHECKS: Mapping[type[nodes.Node], Callable[[Any], str | None]] = {
    nodes.Call: _of_call,
    nodes.Name: _of_name,
    nodes.For: _of_loop,
    nodes.Getattr: _of_attribute,
    nodes.Filter: _of_filter,
    nodes.Test: _of_test,
    nodes.List: _of_literal,
    nodes.Tuple: _of_literal,
    nodes.Dict: _of_literal,
}
