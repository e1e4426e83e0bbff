"""Codes of a campaign by the thousand: having them made, taking them from a sheet, and giving one."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import IO, Any

from starlette.responses import Response, StreamingResponse

from largesse.admin import forms, lists, render, uploads
from largesse.admin.forms import Field, Form
from largesse.admin.language import N_
from largesse.admin.nouns import id_text, page, record_in
from largesse.admin.pages import jobs
from largesse.admin.pages.campaign_form import PATH
from largesse.admin.pages.campaigns import path_of, ref, source
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.bulk import EXPORTED
from largesse.wire.call import Call

IN_MEMORY = 1024 * 1024
"""Bytes of a sheet that are held in memory; more are kept in a file meanwhile."""

BLOCK = 64 * 1024

GENERATE = (
    Field(
        "count",
        N_("How many"),
        "integer",
        required=True,
        help=N_("They are made by a job. You may leave its page, and come back to it."),
    ),
)
IMPORT = (
    Field(
        "pasted",
        N_("Codes"),
        "long",
        help=N_(
            "One on each line, or a sheet with commas whose first line names its columns: code, "
            "and perhaps expires_at, e.g. 2027-01-31T23:59:59Z."
        ),
    ),
    Field("file", N_("Or a CSV file")),
)


async def ask_how_many(call: Call) -> Page:
    """Ask how many codes to make."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    campaign: Campaign = await record_in(call, source)
    return _count_page(campaign, await forms.blank(call, render.viewer(call), GENERATE))


async def generate(call: Call) -> Any:
    """Start the job that makes codes."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    campaign: Campaign = await record_in(call, source)
    form = await forms.read(call, render.viewer(call), GENERATE)
    if form.is_good:
        with form.refusing():
            job = await call.services.bulk_codes.generate(
                call.caller, ref(campaign), form.values["count"]
            )
            return render.go(call, jobs.path_of(job))
    return _count_page(campaign, form)


def _count_page(campaign: Campaign, form: Form) -> Page:
    data = {"form": form, "campaign": campaign, "path": path_of(campaign)}
    return Page("campaigns/generate.html", data, None if form.is_good else 422)


async def ask_for_sheet(call: Call) -> Page:
    """Ask for codes, typed or in a file."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    campaign: Campaign = await record_in(call, source)
    return _sheet_page(campaign, await forms.blank(call, render.viewer(call), IMPORT))


async def import_codes(call: Call) -> Any:
    """Start the job that takes codes from what was pasted or from a file."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    campaign: Campaign = await record_in(call, source)
    upload = await uploads.received(call)
    form = await forms.read(call, render.viewer(call), IMPORT)
    pasted: str = form.values["pasted"] or ""
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as sheet:
        await _keep(upload.blocks, sheet)
        if sheet.tell() and pasted:
            form.errors["file"] = form.viewer.say(N_("Paste codes, or choose a file: not both."))
        elif not sheet.tell() and not pasted:
            said = N_("The file is empty.") if upload.name else N_("Paste codes, or choose a file.")
            form.errors["file" if upload.name else "pasted"] = form.viewer.say(said)
        else:
            sheet.write(pasted.encode())
            sheet.seek(0)
            with form.refusing():
                blocks = iter(lambda: sheet.read(BLOCK), b"")
                job = await call.services.bulk_codes.import_sheet(
                    call.caller, ref(campaign), blocks
                )
                return render.go(call, jobs.path_of(job))
            if pasted and "file" in form.errors:
                form.errors["pasted"] = form.errors.pop("file")
    return _sheet_page(campaign, form)


async def _keep(blocks: AsyncIterator[bytes], sheet: IO[bytes]) -> None:
    async for block in blocks:
        sheet.write(block)


def _sheet_page(campaign: Campaign, form: Form) -> Page:
    data = {"form": form, "campaign": campaign, "path": path_of(campaign)}
    return Page("campaigns/import.html", data, None if form.is_good else 422)


async def export(call: Call) -> Response:
    """Answer with every code of a campaign as CSV, written while it is read."""
    campaign: Campaign = await record_in(call, source)
    pages = await call.services.bulk_codes.export(call.caller, ref(campaign))
    return StreamingResponse(
        _lines(pages),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{id_text(campaign.id)}.csv"'},
    )


async def _lines(pages: AsyncIterator[Sequence[Sequence[Any]]]) -> AsyncIterator[str]:
    yield lists.csv_text([EXPORTED])
    async for rows in pages:
        yield lists.csv_text(rows)


ROUTES = (
    page("GET", f"{PATH}/{{id}}/generate", ask_how_many),
    page("POST", f"{PATH}/{{id}}/generate", generate),
    page("GET", f"{PATH}/{{id}}/import", ask_for_sheet),
    page("POST", f"{PATH}/{{id}}/import", import_codes, streamed=True),
    page("GET", f"{PATH}/{{id}}/codes.csv", export),
)
