"""`uitpost contact`: who can be written to."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.files import content_of
from deploy.cli.progress import Step, follow
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import speaks

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Contacts: list, show, import, export, check their addresses."
)
_COLUMNS = ("kind", "number", "contact_id", "name", "email", "language", "consent", "blocked")
_CHECKED = ("kind", "number", "contact_id", "name", "email_used", "problems", "detail")
SORTS = "number, name, email, function or changed; with - the last first"
_EVERY = 0.3  # seconds between two looks at an import
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most this many")]
View = Annotated[str | None, typer.Option("--view", help="A saved view, by its id")]
Q = Annotated[str | None, typer.Option("--q", help="Words of a name, address or number")]
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="KEY=VALUE",
        help="kind, blocked, consent, address (valid, not_valid, missing …), language, correspondence, of",
    ),
]
_FILTERS = ("kind", "blocked", "consent", "address", "language", "correspondence", "of")


@app.command("import")
@speaks
def import_contacts(
    api: Api,
    file: Annotated[Path, typer.Argument(help="CSV or XLSX with kind, number, name, email …; - is stdin")],
    refused: Annotated[
        Path | None, typer.Option("--refused", metavar="FILE", help="Write the lines that were refused here, as CSV")
    ] = None,
) -> Shown:
    """Record the contacts of a list; ends with 4 where lines were refused, the others stand."""
    job = api.dossier.upload("/contacts/import", content_of(file), "application/octet-stream")
    place = f"/contacts/imports/{job['import_id']}"
    if job["state"] == "waiting":
        job = _followed(api, job, place)
    for line in job["refused_lines"]:
        say(line["detail"])
    if refused and job["refused"]:
        api.dossier.save(f"{place}/refused.csv", refused)
    if job["state"] != "done":
        raise Failure(Code.UNEXPECTED, f"Only {job['done']} of {job['lines']} lines were kept; import the list again.")
    return Facts(
        {name: job[name] for name in ("recorded", "changed", "unchanged", "refused", "import_id")},
        exit_code=Code.REFUSED if job["refused"] else 0,
    )


@app.command("list")
@speaks
def list_contacts(
    api: Api,
    q: Q = None,
    filters: Filters = None,
    view: View = None,
    sort: Annotated[
        str | None, typer.Option("--sort", help="number, name, email, function or changed; -name …")
    ] = None,
    limit: Limit = 50,
) -> Shown:
    """List contacts, as a filter or a view says."""
    columns = _columns(api, view)
    return Rows(columns, api.dossier.items("/contacts", {**wanted_of(q, filters, view), "sort": sort}, limit=limit))


@app.command("show")
@speaks
def show_contact(
    api: Api,
    kind: Annotated[str, typer.Argument(help="organisation, person, contact_person …")],
    number: Annotated[str, typer.Argument(help="Number of the contact")],
    contact_id: Annotated[str | None, typer.Option("--contact-id", help="Contact person at the organisation")] = None,
) -> Shown:
    """Show one contact, and whether it can be mailed."""
    return Facts(api.dossier.get(f"/contacts/{kind}/{number}", {"contact_id": contact_id}))


@app.command("export")
@speaks
def export_contacts(
    api: Api,
    file: Annotated[Path, typer.Argument(help="File to write, CSV; - is stdout")] = Path("-"),
    q: Q = None,
    filters: Filters = None,
    view: View = None,
) -> Shown:
    """Write contacts with all their facts as CSV, which `uitpost contact import` takes again."""
    api.dossier.save("/contacts/export.csv", file, wanted_of(q, filters, view))
    return None


@app.command("check-email")
@speaks
def check_email(
    api: Api,
    q: Q = None,
    filters: Filters = None,
    view: View = None,
    problem: Annotated[
        str | None,
        typer.Option("--problem", help="missing, invalid, bounced, contact_blocked, no_consent or no_correspondence"),
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write them here, as CSV")] = None,
    limit: Limit = 50,
) -> Shown:
    """Say which contacts cannot be mailed and why; how many there are stands on stderr."""
    wanted = {**wanted_of(q, filters, view), "problem": problem}
    counts = api.dossier.get("/contacts/check-email", {**wanted, "limit": 1})["counts"]
    say(*_told(counts))
    if csv:
        api.dossier.save("/contacts/check-email.csv", csv, wanted)
    items = api.dossier.items("/contacts/check-email", wanted, limit=limit)
    return Rows(_CHECKED, [{**item, **_flat(item["problems"])} for item in items])


def _followed(api: Api, job: dict[str, Any], place: str) -> dict[str, Any]:
    """Show how far an import is until it is at its end; return it. Raises Failure at Ctrl+C."""
    latest = [job]

    def steps() -> Iterator[Step]:
        while latest[0]["state"] == "waiting":
            yield _step(latest[0], over=False)
            time.sleep(_EVERY)
            latest[0] = api.dossier.get(place)
        yield _step(latest[0], over=True)

    try:
        follow(steps(), "importing")
    except KeyboardInterrupt:
        raise Failure(Code.INTERRUPTED, "No longer watching; the import goes on.") from None
    return latest[0]


def _step(job: dict[str, Any], *, over: bool) -> Step:
    return Step(job["done"], job["lines"], f"{job['refused']} refused", over=over)


def wanted_of(q: str | None, filters: list[str] | None, view: str | None) -> dict[str, Any]:
    """Return what a list is asked for. Raises Failure for a filter there is not."""
    pairs = dict(one.partition("=")[::2] for one in filters or ())
    if unknown := sorted(pairs.keys() - set(_FILTERS)):
        raise Failure(Code.WRONG_USE, f"--filter {', '.join(unknown)}: known are {', '.join(_FILTERS)}")
    return {**pairs, "q": q, "view": view}


def _columns(api: Api, view: str | None) -> tuple[str, ...]:
    if view is None:
        return _COLUMNS
    columns = api.dossier.get(f"/views/{view}")["columns"]
    return tuple(dict.fromkeys(("kind", "number", "contact_id", *columns)))


def _told(counts: dict[str, Any]) -> list[str]:
    problems = ", ".join(f"{count} {name}" for name, count in counts["problems"].items()) or "nothing is wrong"
    through = f"{counts['through_destination']} of them through their organisation"
    return [
        f"{counts['usable']} of {counts['contacts']} contacts can be mailed, {through}; {problems}.",
        f"Of {counts['consent_unknown']} consent is not known; {counts['offer_letter']} prefer a letter.",
    ]


def _flat(problems: list[dict[str, str]]) -> dict[str, str]:
    return {
        "problems": ", ".join(problem["code"] for problem in problems),
        "detail": " ".join(problem["detail"] for problem in problems),
    }
