"""`largesse`: its commands, one file per noun; what is heavy is imported inside them."""

import rich_click as click

from largesse import __version__
from largesse.cli.campaigns import campaigns
from largesse.cli.codes import codes
from largesse.cli.conform import conform
from largesse.cli.coverage import coverage
from largesse.cli.customers import customers
from largesse.cli.db import db
from largesse.cli.demo import demo
from largesse.cli.errors import Root
from largesse.cli.events import events
from largesse.cli.grants import grants
from largesse.cli.jobs import jobs
from largesse.cli.keys import keys
from largesse.cli.mails import mails
from largesse.cli.organizations import organizations
from largesse.cli.record import record, replay
from largesse.cli.schedules import schedules
from largesse.cli.serve import serve
from largesse.cli.settings import settings
from largesse.cli.suppressions import suppressions
from largesse.cli.templates import templates
from largesse.cli.units import units
from largesse.cli.users import users
from largesse.cli.worker import worker


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="largesse")
def main() -> None:
    """Largesse: promotion codes, grants and newsletter consent behind the APIs of four vendors.

    Settings come from largesse.toml and from LARGESSE_* in the environment, above all
    LARGESSE_DATABASE_URL and LARGESSE_SMTP_URL; `largesse settings` lists them.
    """


for _command in (
    *(serve, worker, demo, db, settings),
    *(organizations, units, users, keys, customers),
    *(campaigns, codes, grants, jobs, schedules, mails, templates, suppressions, events),
    *(conform, record, replay, coverage),
):
    main.add_command(_command)
