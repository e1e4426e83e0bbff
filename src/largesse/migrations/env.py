"""Run by Alembic: migrates over the connection that `largesse.migrations` hands it."""

from alembic import context

from largesse.core.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can not alter most things in place; batch mode copies the table instead.
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
