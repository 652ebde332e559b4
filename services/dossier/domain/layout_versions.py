"""A document layout as it was put time and again: its versions with who put them and why, and whether it is blocked."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Any, Self

from eventsourcing.domain import Aggregate

from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.refusal import Refused, Wrong
from shared.contracts.dossier import LayoutDocument

Facts = dict[str, Any]
_SAID = ("name", "kind", "pdf", "sort_by")
_CONTENT = ("sources", "files")  # which stand in the blob of a version


class DocumentLayout(Aggregate):
    """A layout: all its versions, of which the last one is used. A supplied one is changed by its makers alone (R-9).

    `facts` are its name, kind, declared fields, in which languages it makes no PDF, data collection (kinds of
    destination; empty = all), what printed letters are sorted by, and the SHA-256 of its document.
    """

    TOPIC = "dossier.DocumentLayout"

    class Created(Aggregate.Created):
        """The first fact of a layout."""

        TOPIC = "dossier.DocumentLayout.Created"

    class Recorded(Created):
        """A layout was put, as version 1."""

        TOPIC = "dossier.DocumentLayout.Recorded"

        layout_id: str
        supplied: bool
        facts: Facts
        by: str
        reason: str
        copy_of: str | None

    class VersionRecorded(Aggregate.Event):
        """A layout got other content or another name, as its next version."""

        TOPIC = "dossier.DocumentLayout.VersionRecorded"

        facts: Facts
        by: str
        reason: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let this be the latest version."""
            assert isinstance(aggregate, DocumentLayout)  # noqa: S101 -- the library types it as any aggregate
            aggregate.facts = self.facts
            aggregate.add_version(self.timestamp.isoformat(), self.by, self.reason)

    class Blocked(Aggregate.Event):
        """A layout is not offered any more, or is again (R-12)."""

        TOPIC = "dossier.DocumentLayout.Blocked"

        blocked: bool
        by: str
        reason: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let it be so from now on."""
            assert isinstance(aggregate, DocumentLayout)  # noqa: S101 -- the library types it as any aggregate
            aggregate.blocked = self.blocked
            aggregate.block_reason = self.reason if self.blocked else None

    def __init__(self, layout_id: str, supplied: bool, facts: Facts, by: str, reason: str, copy_of: str | None) -> None:
        self.layout_id = layout_id
        self.supplied = supplied
        self.copy_of = copy_of
        self.facts = facts
        self.blocked = False
        self.block_reason: str | None = None
        self.versions: list[Facts] = []
        self.add_version(self.created_on.isoformat(), by, reason)

    @classmethod
    def record(
        cls, name: str, facts: Facts, by: str, reason: str, *, supplied: bool = False, copy_of: str | None = None
    ) -> Self:
        """Put a layout for the first time."""
        given = {"facts": facts, "by": by, "reason": reason, "supplied": supplied, "copy_of": copy_of}
        return cls._create(cls.Recorded, id=setup_id_of("layout", name), layout_id=name, **given)

    def change(self, facts: Facts, by: str, reason: str) -> None:
        """Put a next version, if anything of it is otherwise; raise `Refused` for another data collection (R-10)."""
        if facts == self.facts:
            return
        if facts["data_collection"] != self.facts["data_collection"] and not self.supplied:
            held = ", ".join(self.facts["data_collection"]) or "*"
            raise Refused([Wrong("data_collection", "data_collection_fixed", {"held": held})], status=409)
        self.trigger_event(self.VersionRecorded, facts=facts, by=by, reason=reason)

    def block(self, blocked: bool, by: str, reason: str) -> None:
        """Let it not be offered any more, or be so again; what is under way goes on with its pinned version (A24)."""
        if blocked != self.blocked:
            self.trigger_event(self.Blocked, blocked=blocked, by=by, reason=reason)

    def add_version(self, at: str, by: str, reason: str) -> None:
        """Count the facts that now hold as a version."""
        self.versions.append({"version": len(self.versions) + 1, "at": at, "by": by, "reason": reason, **self.facts})

    def put_as(self, number: int) -> Facts:
        """Return one version; raise `Refused` (404) for one that there is not."""
        if not 0 < number <= len(self.versions):
            raise Refused([Wrong("", "unknown_layout_version", {"version": number})], status=404)
        return self.versions[number - 1]

    @property
    def row(self) -> Facts:
        """What stands of it now."""
        return {
            **self.facts,
            "version": len(self.versions),
            "supplied": self.supplied,
            "copy_of": self.copy_of,
            "blocked": self.blocked,
            "block_reason": self.block_reason,
        }


def content_of(document: LayoutDocument) -> Facts:
    """Return what a version consists of: its sources, and of a Word layout the hashes of its files."""
    return document.model_dump(mode="json", include=set(_CONTENT))


def without_pdf(document: LayoutDocument) -> list[str]:
    """Return the languages in which nothing on this installation makes a PDF of it: some Word layouts need more."""
    return [language for language in document.files if language not in document.pdf_engines]


def difference(old: Facts, before: LayoutDocument, new: Facts, after: LayoutDocument) -> Facts:
    """Return what one version has otherwise than another: facts, fields, a unified diff per source, and files."""
    return {
        "from": old["version"],
        "to": new["version"],
        "facts": [
            {"name": name, "from": old.get(name), "to": new.get(name)}
            for name in _SAID
            if old.get(name) != new.get(name)
        ],
        "fields": _fields(old["fields"], new["fields"]),
        "sources": list(_sources(before.sources, after.sources)),
        "files": [
            {"language": language, "from": _hash(before, language), "to": _hash(after, language)}
            for language in dict.fromkeys([*before.files, *after.files])
            if _hash(before, language) != _hash(after, language)
        ],
    }


def _fields(old: Sequence[Facts], new: Sequence[Facts]) -> Facts:
    before, after = ({field["name"]: field["required"] for field in fields} for fields in (old, new))
    return {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": [name for name in after if name in before and before[name] != after[name]],
    }


def _sources(old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]) -> Iterator[Facts]:
    for language in dict.fromkeys([*old, *new]):
        before, after = old.get(language, {}), new.get(language, {})
        for part in dict.fromkeys([*before, *after]):
            if before.get(part) != after.get(part):
                lines = (before.get(part, "").splitlines(), after.get(part, "").splitlines())
                yield {"language": language, "part": part, "diff": "\n".join(unified_diff(*lines, "", "", lineterm=""))}


def _hash(document: LayoutDocument, language: str) -> str | None:
    file = document.files.get(language)
    return file.sha256 if file else None
