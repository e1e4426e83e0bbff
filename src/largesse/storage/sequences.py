"""Numbers counted up per organization, for the wires that print integers and for pool places."""

from sqlalchemy import BigInteger, Column, String, Table, select

from largesse.storage.database import Transaction
from largesse.storage.types import metadata

sequences = Table(
    "sequences",
    metadata,
    Column("organization_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(80), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""The last number given out under each name. A database's own sequence is not per organization."""


async def next_numbers(tx: Transaction, organization_id: int, name: str, count: int = 1) -> range:
    """Return the next `count` numbers; the row stays locked until the transaction ends."""
    statement = tx.engine.insert(sequences).values(
        organization_id=organization_id, name=name, value=count
    )
    statement = statement.on_conflict_do_update(
        index_elements=[sequences.c.organization_id, sequences.c.name],
        set_={"value": sequences.c.value + count},
    ).returning(sequences.c.value)
    last = await tx.value(statement)
    return range(last - count + 1, last + 1)


async def last_number(tx: Transaction, organization_id: int, name: str) -> int:
    """Return the last number given out under a name; 0 if there is none."""
    found = await tx.value(
        select(sequences.c.value).where(
            sequences.c.organization_id == organization_id, sequences.c.name == name
        )
    )
    return int(found or 0)
