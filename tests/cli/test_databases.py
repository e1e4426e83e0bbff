"""What commands say of a database that is missing, not reached or not theirs."""

import socket
import sqlite3
from urllib.parse import urlsplit

from tests.cli.command import Largesse, one_line


async def test_a_missing_database_is_told_and_not_made(bare: Largesse) -> None:
    one_line(await bare("organizations", "list"), "largesse.db", "largesse db upgrade")
    assert list(bare.folder.iterdir()) == []


async def test_upgrade_makes_it_and_may_be_repeated(bare: Largesse) -> None:
    said = {"database": "sqlite:///largesse.db", "current": True}
    assert await bare.json("db", "upgrade") == said
    assert await bare.json("db", "upgrade") == said
    assert await bare.json("organizations", "list") == []


async def test_a_database_that_is_not_migrated_is_told(bare: Largesse) -> None:
    sqlite3.connect(bare.folder / "largesse.db").close()
    one_line(await bare("organizations", "list"), "largesse.db", "largesse db upgrade")


async def test_a_file_that_is_no_database_is_told(bare: Largesse) -> None:
    (bare.folder / "largesse.db").write_text("Dear diary, " * 1000)
    for command in (["organizations", "list"], ["db", "upgrade"]):
        one_line(await bare(*command), "largesse.db", "not a database")
    one_line(await bare.process("serve", "--port", "0"), "largesse.db", "not a database")


async def test_a_folder_that_can_not_be_written_is_told(bare: Largesse) -> None:
    (bare.folder / "file").write_text("")
    bare.settings["database_url"] = "sqlite:///file/largesse.db"
    one_line(await bare("db", "upgrade"), "file")


async def test_a_server_that_is_not_reached_is_told_without_its_password(bare: Largesse) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        bare.settings["database_url"] = f"postgresql://user:s3cret@127.0.0.1:{port}/x"
        for command in (["organizations", "list"], ["serve", "--port", "0"], ["worker"]):
            ran = await bare.process(*command)
            one_line(ran, f"user:***@127.0.0.1:{port}", "can not be used")
            assert "s3cret" not in ran.err


async def test_a_server_that_refuses_is_told(bare: Largesse, postgres_url: str) -> None:
    server = urlsplit(postgres_url)
    wrong = server._replace(netloc=f"postgres:wrong@{server.hostname}:{server.port}").geturl()
    bare.settings["database_url"] = wrong
    one_line(await bare("organizations", "list"), "password authentication failed")
    bare.settings["database_url"] = server._replace(path="/nowhere").geturl()
    one_line(await bare("organizations", "list"), 'database "nowhere" does not exist')
