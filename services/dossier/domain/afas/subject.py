"""What a KnSubject body asks for: an item to be recorded, changed or deleted, in the words used here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.dossier.domain.afas.fields import ATTACHMENT, LINK, SUBJECT
from services.dossier.domain.afas.links import Links, read_links
from services.dossier.domain.afas.shape import Action, Node, read_body
from services.dossier.domain.refusal import Refused, Wrong

_PRIORITIES = {"H": "high", "N": "normal", "L": "low"}
_FILE = ("FileId", "FileTrans", "FileStream")  # of the one attachment that stands among the fields
_VERBATIM = ("SbPa", "MarkOpened", "ProfileId", "id")
_SEPARATOR = re.compile(r"[/\\]")


@dataclass(slots=True)
class Subject:
    """One item as a body has it.

    `given` are its fields, None where cleared, the cause by its item number. `links` is None where the body has no link
    at all. `custom` and `extra` are kept as they came, None in them where cleared.
    """

    action: Action
    number: int | None
    type_code: int | None
    given: dict[str, Any]
    links: Links | None
    files: list[dict[str, Any]] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


def read_subject(said: Any, action: Action) -> Subject:
    """Return what a body asks for, `action` where it doesn't say; raise `Refused` with all that is wrong in itself."""
    node = read_body(said, SUBJECT)
    wrongs: list[Wrong] = []
    fields = dict(node.fields)
    links = read_links(node.objects[LINK.name]) if LINK.name in node.objects else None
    subject = Subject(
        action=node.action or action,
        number=_number(node, wrongs),
        type_code=fields.pop("StId", None),
        given={SUBJECT.fields[name.lower()].name: value for name, value in fields.items() if _is_ours(name)},
        links=links,
        files=[*_files(node, wrongs)],
        custom={name: _kept(value) for name, value in node.custom.items()},
        extra={name: fields[name] for name in _VERBATIM if name in fields and not _names_file(name, fields)},
    )
    wrongs += [*_own_wrongs(subject), *(links.wrongs if links else ())]
    if links and links.verbatim:
        subject.extra[LINK.name] = links.verbatim
    if wrongs:
        raise Refused(wrongs)
    if "priority" in subject.given:
        subject.given["priority"] = _PRIORITIES.get(subject.given["priority"])
    return subject


def files_of(nodes: list[Node], wrongs: list[Wrong]) -> Iterator[dict[str, Any]]:
    """Yield the files of attachment objects; what is wrong with one is added to `wrongs`."""
    for node in nodes:
        name, content, file_id = (node.fields.get(one) for one in ("FileName", "FileStream", "FileId"))
        if node.action not in (None, "insert"):
            wrongs.append(Wrong("@Action", "wrong_value", {"expected": "insert"}))
        elif content is None and file_id is not None:
            wrongs.append(Wrong("FileId", "afas_unknown_file"))
        elif name is None or content is None:
            wrongs.append(Wrong("FileName" if name is None else "FileStream", "missing"))
        else:
            yield {"filename": _last_part(name), "content": "".join(content.split())}


def _number(node: Node, wrongs: list[Wrong]) -> int | None:
    given = node.fields.get("SbId")
    if given is not None and node.key is not None and given != node.key:
        wrongs.append(Wrong("SbId", "afas_two_keys"))
    return node.number()


def _is_ours(name: str) -> bool:
    """Return whether a field is one that an item has here by itself."""
    return bool(SUBJECT.fields[name.lower()].name) and name not in {"SbId", "SbPa", *_FILE}


def _names_file(name: str, fields: Mapping[str, Any]) -> bool:
    return name == "SbPa" and fields.get("FileStream") is not None


def _files(node: Node, wrongs: list[Wrong]) -> Iterator[dict[str, Any]]:
    fields = node.fields
    if fields.get("FileStream") is not None or fields.get("FileId") is not None:
        own = {"FileName": fields.get("SbPa"), "FileStream": fields.get("FileStream"), "FileId": fields.get("FileId")}
        yield from files_of([Node(own)], wrongs)
    yield from files_of(node.objects.get(ATTACHMENT.name, []), wrongs)


def _own_wrongs(subject: Subject) -> Iterator[Wrong]:
    if subject.action == "insert" and subject.type_code is None:
        yield Wrong("StId", "missing")
    if subject.action == "insert" and subject.given.get("subject") is None:
        yield Wrong("Ds", "missing")
    if subject.action != "insert" and subject.number is None:
        yield Wrong("SbId", "missing")
    priority = subject.given.get("priority")
    if priority is not None and priority not in _PRIORITIES:
        yield Wrong("ViPr", "wrong_value", {"expected": "H, N, L"})


def _kept(value: Any) -> Any:
    return None if value == "" else value


def _last_part(path: str) -> str:
    """Return the name of a file: old clients give the path on their own disk."""
    return _SEPARATOR.split(path)[-1] or path
