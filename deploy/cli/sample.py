"""What a layout is looked at with: a type, a way of issuing and an addressee that fit it."""

from typing import Any

from deploy.cli.api import EVERY, Api
from deploy.cli.failure import Code, Failure

_OF_BODIES = ("text", "html")
_COMMON = "outgoing_mail"  # the supplied type, which takes everything
_PERSON, _WITH_PERSON = "person", "contact_person"


def addressee(layout: dict[str, Any], to: str, language: str, merge: list[str]) -> dict[str, Any]:
    """Return a contact (`kind/number`), or where none is named an invented one of a kind that the layout takes."""
    values = dict(one.partition("=")[::2] for one in merge)
    if not to:
        takes = layout["data_collection"]
        kind = takes[0] if takes and _PERSON not in takes else _PERSON
        invented = {"kind": kind, "number": "voorbeeld"} | ({"contact_id": "1"} if kind == _WITH_PERSON else {})
        recipient = {"name": "Anna de Vries", "email": "anna@house.example", "language": language}
        return invented | {"recipient": recipient, "merge": values}
    kind, _, number = to.partition("/")
    if not number:
        raise Failure(Code.WRONG_USE, f"--to {to}: write kind/number, as organisation/1000")
    return {"kind": kind, "number": number, "merge": values}


def sample(api: Api, layout: dict[str, Any], to: dict[str, Any], *, docx: bool) -> dict[str, Any]:
    """Return what is asked for to see a layout; of a Word layout its PDF, unless its .docx is wanted or it has none."""
    issue = "email" if layout["kind"] in _OF_BODIES else "document"
    common = {"type": _type_of(api, layout, issue, to["kind"]), "subject": layout["name"], "destinations": [to]}
    if issue == "document":
        printed = (
            {"attachment_read_only": True} if layout["kind"] == "word" and not (docx or layout["pdf_missing"]) else {}
        )
        return common | {"issue_method": issue, "attachment_layout_id": layout["id"]} | printed
    senders = api.dossier.items("/senders", limit=EVERY)
    if not senders:
        raise Failure(Code.REFUSED, "There is no sender yet; add one with `uitpost sender add`.")
    return common | {"issue_method": issue, "body_layout_id": layout["id"], "sender_id": senders[0]["id"]}


def _type_of(api: Api, layout: dict[str, Any], issue: str, kind: str) -> str:
    """Return the type that is issued by this layout, where nothing else is to be said of its items."""
    types = api.dossier.items("/item-types", limit=EVERY)
    own = (one for one in types if layout["id"] in _layouts_of(one) and issue in one["issue_methods"])
    return next((one["id"] for one in own if _asks_nothing(one, kind)), _COMMON)


def _layouts_of(one: dict[str, Any]) -> set[str | None]:
    issued = one["on_intake"] or {}
    return {issued.get("body_layout_id"), issued.get("attachment_layout_id"), one["auto_document_layout_id"]}


def _asks_nothing(one: dict[str, Any], kind: str) -> bool:
    rules: dict[str, str] = one["destinations"]
    others = (rule for name, rule in rules.items() if name != kind)
    return (
        not one["blocked"]
        and "mandatory" not in one["fields"].values()
        and one["features"]["without_allowed"]
        and rules.get(kind) != "not_allowed"
        and "mandatory" not in others
    )
