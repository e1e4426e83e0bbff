"""What goes wrong, as one line on standard error; a traceback only where logs are at debug."""

import logging
import traceback
from typing import Any

import rich_click as click
from click.exceptions import Abort, ClickException, Exit


class CommandError(Exception):
    """A command can not do what it was asked; the message is for the user."""


class Root(click.RichGroup):
    """The group of all commands. Exit codes: 0 done, 1 refused or failed, 2 wrong usage."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except (ClickException, Exit, Abort):
            raise
        except BrokenPipeError:
            # `largesse ... | head`: click ends quietly.
            raise
        except Exception as error:
            if logging.getLogger("largesse").isEnabledFor(logging.DEBUG):
                traceback.print_exc()
            click.echo(f"Error: {sentence(error)}", err=True)
            ctx.exit(1)


def sentence(error: Exception) -> str:
    """Return what went wrong in one line."""
    from largesse.core.errors import Refused
    from largesse.storage.errors import StorageError

    if isinstance(error, CommandError | Refused | StorageError | ValueError):
        return _line(str(error))
    return database_reason(error) or f"{type(error).__name__}: {_line(str(error))}"


def database_reason(error: BaseException) -> str | None:
    """Return what the database, its driver or the network said; None if it was none of them."""
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    if isinstance(error, DBAPIError):
        # Not the whole text: it carries the statement and its parameters.
        return _line(str(error.orig.__cause__ or error.orig)) if error.orig else "it failed"
    if isinstance(error, SQLAlchemyError):
        return _line(str(error))
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, OSError):
        # strerror is empty where the error was raised with a text alone.
        reason = _line(error.strerror or str(error))
        return f"{error.filename}: {reason}" if error.filename else reason
    if type(error).__module__.startswith("asyncpg"):
        return _line(str(error))
    return None


def _line(text: str) -> str:
    return " ".join(text.split())
