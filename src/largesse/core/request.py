"""The id of the request or command in hand, which log lines and events carry."""

import secrets
from contextvars import ContextVar

REQUEST_ID: ContextVar[bytes | None] = ContextVar("request_id", default=None)
"""Set for each request by the wire, and for each command by the CLI."""


def request_id() -> str | None:
    """Return the id of the request or command in hand; None in the worker.

    Inside a group commit it is that of whichever request began the batch: a command that is
    submitted carries its own (`events.model.author_of`).
    """
    given = REQUEST_ID.get()
    return None if given is None else given.decode()


def new_request_id() -> bytes:
    """Return an id for what came without one."""
    return secrets.token_hex(16).encode()
