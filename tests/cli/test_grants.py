"""Grants from the command line: given to the recipients of a sheet, and taken back."""

from pathlib import Path

import pytest

from tests.cli.command import Largesse, one_line

BOTH = pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])
SHEET = "profile_id,email\nprofile1,a@example.com\nnobody,no address\n"


def sheet(tmp_path: Path, text: str = SHEET) -> str:
    file = tmp_path / "recipients.csv"
    file.write_text(text)
    return str(file)


@BOTH
async def test_the_recipients_of_a_sheet_are_given_promotions(
    demo: Largesse, tmp_path: Path
) -> None:
    file = sheet(tmp_path)
    give = ("grants", "import", file, "--promotion", "promo1001", "--promotion", "promo1002")
    outcomes = {"granted": 2, "unknown_profile": 1, "bad_address": 1, "grants": 4}
    for more, active in ((["--dry-run"], 0), (["--source", "src1"], 4)):
        ran = await demo.json(*give, *more)
        assert ran == {"job": ran["job"], "state": "done", "total": 4, **outcomes}
        assert len(await demo.json("grants", "list", "--state", "active")) == active
    again = await demo.json(*give, "--source", "src1")
    assert again == ran

    one = (await demo.json("grants", "list", "--email", "A@Example.com"))[0]
    revoked = await demo.json("grants", "revoke", one["id"])
    assert (revoked["id"], revoked["state"]) == (one["id"], "revoked")
    one_line(await demo("grants", "revoke", one["id"]), "revoked")
    job = await demo.json("grants", "revoke", "--job", ran["job"])
    assert job == {"job": job["job"], "state": "done", "total": 3, "revoked": 3}
    job = await demo.json("grants", "revoke", "--source", "src1")
    assert (job["state"], job["total"]) == ("done", 0)
    assert len(await demo.json("grants", "list", "--state", "revoked")) == 4


async def test_what_can_not_be_imported_is_one_line_and_leaves_nothing(
    demo: Largesse, tmp_path: Path
) -> None:
    give = ("grants", "import", sheet(tmp_path), "--promotion")
    one_line(await demo(*give, "nothing"), "'nothing'")
    one_line(await demo(*give, "promo1001", "--template", "nothing"), "'nothing'")
    one_line(await demo(*give, "promo1001", "--expires-at", "2020-01-31"), "has passed")
    one_line(
        await demo(*give[:2], sheet(tmp_path, "name\nx\n"), "--promotion", "promo1001"), "file"
    )
    assert (await demo("grants", "revoke")).code == 2
    assert await demo.json("jobs", "list") == []


async def test_an_import_may_be_left_to_a_worker(demo: Largesse, tmp_path: Path) -> None:
    ran = await demo.json(
        *("grants", "import", sheet(tmp_path), "--promotion", "promo1001"),
        *("--expires-at", "2039-01-31T00:00:00Z", "--background"),
    )
    assert (ran["state"], ran["total"]) == ("waiting", 4)
    assert await demo.json("grants", "list") == []
