"""`largesse suppressions`, and `mails bounces`, `reports` and `hooks`."""

from typing import Any

from tests.cli.command import Largesse, columns, one_line
from tests.dialects.native.client import bounce
from tests.senders.test_returned_messages import returned

EX_DATAERR, EX_TEMPFAIL = 65, 75


async def mailed(demo: Largesse) -> Any:
    """Return a mail of the demo organization."""
    from largesse.core.access.model import system
    from largesse.core.mail.model import SendCode
    from largesse.demo.people import CUSTOMER
    from largesse.services import open_services
    from tests.serving import settings_for

    assert demo.database is not None
    services = open_services(settings_for(demo.database))
    await services.start()
    owner = system(await services.access.organization_named("demo"))
    mail = await services.mails.send_code(owner, SendCode(CUSTOMER, "CC2M8Y5VY4MW", None, None))
    await services.close()
    return mail


async def test_addresses_are_suppressed_and_taken_back(demo: Largesse) -> None:
    made = await demo.json("suppressions", "add", "Ada@Gone.example", "--note", "asked")
    assert (made["reason"], made["source"], made["note"]) == ("manual", "cli", "asked")
    one_line(await demo("suppressions", "add", "ada@gone.example"), "exists already")
    one_line(await demo("suppressions", "add", "nobody"), "nobody")
    listed = await demo(
        "suppressions", "import", "-", "--reason", "complaint", "--json",
        stdin="\ufeffada@gone.example\nno address\n\neve@gone.example\nADA@gone.example\n",
    )  # fmt: skip
    assert listed.json == {"added": 2, "present": 1, "refused": 1}
    assert "line 2: 'no address'" in listed.err
    found = await demo.json("suppressions", "list", "--address", "ADA@gone.example")
    assert [one["reason"] for one in found] == ["manual", "complaint"]
    found = await demo.json("suppressions", "list", "--reason", "complaint", "--limit", "9")
    assert len(found) == 2
    gone = columns(await demo("suppressions", "remove", "ada@gone.example"))
    assert len(gone) == 3
    one_line(await demo("suppressions", "remove", "ada@gone.example"), "ada@gone.example")
    head, row = columns(await demo("suppressions", "list"))
    assert head.split()[:5] == ["ID", "ADDRESS", "REASON", "SOURCE", "SINCE"]
    assert "eve@gone.example" in row


async def test_a_pipe_of_a_mail_system_takes_bounces(demo: Largesse) -> None:
    mail = await mailed(demo)
    message = bounce(mail.message_id).decode()
    # As a mail system does: in a process of its own.
    ran = await demo.process("mails", "bounces", "-", "--json", stdin=message)
    assert (ran.code, ran.json) == (
        0,
        {"recorded": 1, "repeated": 0, "unknown": 0, "note": None},
    )
    assert (await demo("mails", "bounces", "-", "--json", stdin=message)).json["repeated"] == 1
    (report,) = await demo.json("mails", "reports", "--mail", str(mail.id))
    assert (report["kind"], report["status"]) == ("hard_bounce", "5.1.1")
    assert await demo.json("mails", "reports", "--kind", "complaint") == []
    (one,) = await demo.json("mails", "list")
    assert one["report"] == "hard_bounce"
    (one,) = await demo.json("suppressions", "list")
    assert one["mail_id"] == str(mail.id)


async def test_a_pipes_exit_code_says_what_to_do_with_the_message(demo: Largesse) -> None:
    file = demo.folder / "message.eml"
    for name, code, words in (
        ("vacation", 0, "automatic reply"),
        ("postfix", 0, "no mail of ours"),
        ("reply", EX_DATAERR, "no delivery status report"),
    ):
        file.write_bytes(returned(name))
        ran = await demo("mails", "bounces", str(file))
        assert ran.code == code, ran
        assert words in (ran.err if code else ran.out)
    small = Largesse(demo.folder, demo.database, {"reports_max_bytes": "100"})
    one_line(await small("mails", "bounces", str(file)), "larger than 100", code=EX_DATAERR)
    away = Largesse(demo.folder, f"sqlite:///{demo.folder}/none.db")
    one_line(await away("mails", "bounces", str(file)), "no database", code=EX_TEMPFAIL)


async def test_the_hooks_of_mail_services_are_shown(demo: Largesse) -> None:
    assert await demo.json("mails", "hooks") == []
    keys = {"reports_mailgun_signing_key": "m", "reports_postmark_secret": "p"}
    found = await Largesse(demo.folder, demo.database, keys).json("mails", "hooks")
    assert [one["service"] for one in found] == ["mailgun", "postmark"]
    assert found[0]["path"].startswith("/v1/mail-reports/mailgun/")
    shown = await Largesse(demo.folder, demo.database, keys).json("settings")
    hidden = {one["setting"]: one["value"] for one in shown}
    assert hidden["reports.mailgun_signing_key"] == hidden["reports.postmark_secret"] == "***"
