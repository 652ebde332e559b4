"""`uitpost mailing check` and `mailing preview`: what a request would come to, before anything of it is recorded."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any
from uuid import uuid4

import typer

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.files import body_of
from deploy.cli.progress import Step, follow
from deploy.cli.shown import Facts, Rows, Shown, say
from deploy.cli.speak import speaks

_EVERY = 0.5  # seconds between two looks
_LOOKS = 60  # at a preview mail on its way
_UNSETTLED = ("unknown", "sending", "deferred")
_CONTACT = ("index", "kind", "number", "name", "email", "status", "reason", "detail")
_REASON = ("status", "reason", "count")
_LISTED = 100_000  # contacts
_ENDED = {"failed": Code.OUT_OF_REACH, "interrupted": Code.UNEXPECTED}
File = Annotated[Path, typer.Option("-f", "--file", help="The request as JSON or TOML")]
Recipients = Annotated[
    Path | None, typer.Option("--recipients", "--contacts", help="CSV or XLSX whose lines are the destinations")
]
Check = dict[str, Any]


@speaks
def check_mailing(
    api: Api,
    file: File,
    recipients: Recipients = None,
    who: Annotated[bool, typer.Option("--who", help="List the contacts concerned instead of the counts")] = False,
    missing: Annotated[Path | None, typer.Option("--missing", help="Write who is left out to a CSV file")] = None,
) -> Shown:
    """Check every address and try every message, and record nothing.

    Ends with 0 if all get it, with 5 if some do not or consent must be attested, with 4 if it would be refused.
    """
    check = _checked(api, body_of(file), recipients)
    if missing:
        missing.write_bytes(api.dossier.content(check["missing_csv"]))
    say(*(f"{one['field']}: {one['detail']}" for one in (*check["errors"], *check["warnings"])))
    say(_verdict(check))
    if not who:
        return Rows(_REASON, check["reasons"], _code(check), document=check)
    found = api.dossier.items(f"/checks/{check['check_id']}/contacts", limit=_LISTED)
    return Rows(_CONTACT, found, _code(check), document=check | {"contacts": found})


@speaks
def preview_mailing(
    api: Api,
    file: File,
    recipients: Recipients = None,
    recipient: Annotated[int, typer.Option("--recipient", min=1, help="Whose message: the first, the second …")] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="Write its parts to this folder")] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it")] = False,
    send: Annotated[bool, typer.Option("--send", help="Mail it to the sender, and to nobody else")] = False,
) -> Shown:
    """Show one recipient's message as it would be, and record nothing of it."""
    body = body_of(file) | {"send": send}
    if recipients:
        body["recipient"] = recipient - 1
    else:
        body["destinations"] = _one_of(body.get("destinations") or [], recipient)
    shown = api.dossier.ask("/dossier-items/preview", body, recipients, key=str(uuid4()))
    if shown["faults"]:
        raise Failure(Code.REFUSED, *(where_of(fault) for fault in shown["faults"]))
    say(*shown["warnings"])
    files = written_parts(api, shown, out or Path(mkdtemp(prefix="uitpost-preview-"))) if out or open_it else []
    if open_it and files:
        typer.launch(str(files[0]))
    mail = settled(api, shown["preview_id"]) if send else None
    facts = {
        "preview_id": shown["preview_id"],
        "subject": shown["subject"],
        "recipient": shown["recipient"]["name"],
        "left_out": shown["recipient"]["left_out"],
        "pages": shown["parts"]["page_count"],
        "files": [str(path) for path in files],
        "sent_to": shown["sent_to"],
        "mail": mail,
    }
    return Facts(facts, exit_code=how_it_ended(mail))


def _checked(api: Api, body: dict[str, Any], recipients: Path | None) -> Check:
    """Return a check once it is done; whoever breaks it off leaves nothing of it."""
    check: Check = api.dossier.ask("/dossier-items/check", body, recipients)

    def steps() -> Iterator[Step]:
        nonlocal check
        while check["state"] == "running":
            yield _step(check)
            time.sleep(_EVERY)
            check = api.dossier.get(f"/checks/{check['check_id']}")
        yield _step(check)

    try:
        follow(steps(), "checking")
    except KeyboardInterrupt:
        api.dossier.delete(f"/checks/{check['check_id']}")
        raise Failure(Code.INTERRUPTED, "The check was given up; nothing of it is kept.") from None
    if check["state"] in _ENDED:
        raise Failure(_ENDED[check["state"]], *(one["detail"] for one in check["errors"]), "The check did not end.")
    return check


def _step(check: Check) -> Step:
    hindered = check["checked"] - check["gets"]
    return Step(check["checked"], check["total"], f"{hindered} would not get it", check["state"] != "running")


def _verdict(check: Check) -> str:
    left_out = check["total"] - check["gets"]
    if check["can_send"]:
        return f"All {check['total']} get it."
    if not check["can_continue"]:
        return f"{check['gets']} of {check['total']} would get it, but the request would be refused as it is."
    attest = f" Consent of {check['consent']['unknown']} is unknown: attest it (consent_attested)."
    return f"{check['gets']} of {check['total']} get it, {left_out} do not." + (
        attest if check["consent"]["attestation_needed"] else ""
    )


def _code(check: Check) -> int:
    if check["can_send"]:
        return 0
    return Code.SOME_FAILED if check["can_continue"] else Code.REFUSED


def _one_of(destinations: list[Any], recipient: int) -> list[Any]:
    if recipient > len(destinations):
        raise Failure(Code.WRONG_USE, f"--recipient {recipient}: there are {len(destinations)} destinations")
    return [destinations[recipient - 1]]


def where_of(fault: dict[str, Any]) -> str:
    """Return in words where a message could not be made, and why."""
    named = {
        "layout": fault["layout_id"],
        "language": fault["language"],
        "field": fault["field"],
        "line": fault["line"],
    }
    where = ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)
    return f"{where}: {fault['detail']}"


def written_parts(api: Api, shown: dict[str, Any], folder: Path) -> list[Path]:
    """Write the parts of a preview, the one to be opened first."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = shown["parts"]
    links = [("body.html", parts["html"]), ("body.txt", parts["text"])]
    if parts["attachment"]:
        links.append((Path(parts["attachment"]["filename"]).name, parts["attachment"]["url"]))
    links += [(f"page-{number}.png", link) for number, link in enumerate(parts["pages"], 1)]
    written = []
    for name, link in links:
        if link:
            (folder / name).write_bytes(api.dossier.content(link))
            written.append(folder / name)
    return written


def how_it_ended(mail: dict[str, Any] | None) -> int:
    """Return the exit code that fits what became of a preview mail."""
    return Code.SOME_FAILED if mail is not None and mail["status"] not in {"sent", *_UNSETTLED} else 0


def settled(api: Api, preview_id: str) -> dict[str, Any] | None:
    """Return what became of a preview mail; what is put off for long is not waited for."""
    mail: dict[str, Any] | None = None
    for _ in range(_LOOKS):
        mail = api.dossier.get(f"/previews/{preview_id}")["mail"]
        if mail and mail["status"] not in _UNSETTLED:
            break
        time.sleep(_EVERY)
    return mail
