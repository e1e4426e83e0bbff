"""How log lines look, where they go, and what never gets into them."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from structlog.processors import ExceptionRenderer, JSONRenderer, TimeStamper
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from largesse.core.request import request_id

HIDDEN = frozenset(
    {
        *("password", "pass_code", "one_time_password", "authentication_code"),
        *("token", "access_token", "refresh_token", "authorization", "cookie"),
        *("secret", "application_key", "key", "code", "body", "text", "html"),
    }
)
"""Fields whose value is left out of every line, should a caller hand one over by mistake."""


def configure(*, look: Literal["json", "console"], level: str) -> None:
    """Send the lines of this process to standard error, ours from `level` on.

    Libraries are heard from warnings on whatever the level: at debug some of them write the
    parameters of every statement, and with them addresses and codes.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        name_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendered(look),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("largesse").setLevel(level.upper())


def name_request(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add the id of the request in hand."""
    # Read here and not bound to every request: most requests write no line.
    if (asked := request_id()) is not None:
        line.setdefault("request_id", asked)
    return line


def hide_secrets(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace the values of fields that are secret or personal."""
    for name in HIDDEN.intersection(line):
        line[name] = "***"
    return line


def _rendered(look: Literal["json", "console"]) -> list[Processor]:
    # Neither look shows the local variables of a traceback's frames, as both would by default:
    # passwords and tokens stand in them.
    if look == "json":
        return [ExceptionRenderer(ExceptionDictTransformer(show_locals=False)), JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
