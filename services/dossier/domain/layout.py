"""Document layouts: versions by content, and the merge fields that each declares."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Self

from eventsourcing.domain import Aggregate
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control
from shared.contracts.dossier import LayoutDocument, LayoutKind, PdfStandard
from shared.contracts.message import BlobRef

_PARTS = {
    "text": frozenset({"subject", "text"}),
    "html": frozenset({"subject", "text", "html", "mjml"}),
    "typst": frozenset({"subject", "typst", "filename"}),
    "paged": frozenset({"subject", "page", "filename"}),
    "word": frozenset({"subject", "filename"}),
}
_MAIN = {"text": "text", "html": "html", "typst": "typst", "paged": "page"}  # a Word layout is a file
OF_BODIES: tuple[LayoutKind, ...] = ("text", "html")  # the other kinds make attachments
_LANGUAGES = ("nl", "en")
_SOURCE = 500_000  # characters of one source text
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class DeclaredField(BaseModel):
    """A merge field that a layout declares."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=100)
    required: bool = False


class GivenFile(BaseModel):
    """The .docx of a Word layout: its content in base64, or the SHA-256 of a file that was put before."""

    model_config = ConfigDict(extra="forbid", strict=True)

    content: str | None = None
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class LayoutFacts(BaseModel):
    """What is put of a layout: its sources by language, in each its texts by name; of a Word layout its files."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=200)
    kind: LayoutKind
    fields: list[DeclaredField] = Field([], max_length=500)
    sources: dict[str, dict[str, str]] = {}
    files: dict[str, GivenFile] = {}
    pdf: PdfStandard = "plain"

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it; whether its sources render shows in the renderer."""
        return [*self._field_wrongs(), *self._source_wrongs(), *self._file_wrongs()]

    def document(self, files: Mapping[str, BlobRef]) -> LayoutDocument:
        """Return the content of this version, with its files as they are kept."""
        said = self.model_dump(include={"kind", "fields", "sources", "pdf"})
        return LayoutDocument.model_validate({**said, "files": dict(files)})

    def _field_wrongs(self) -> Iterator[Wrong]:
        if has_control(self.name):
            yield Wrong("name", "control_character")
        if self.pdf != "plain" and self.kind != "typst":
            yield Wrong("pdf", "not_of_this_kind", {"kind": self.kind})
        seen: set[str] = set()
        for number, field in enumerate(self.fields):
            if not _FIELD.fullmatch(field.name):
                yield Wrong(f"fields[{number}].name", "wrong_field_name")
            if field.name in seen:
                yield Wrong(f"fields[{number}].name", "duplicate_field", {"name": field.name})
            seen.add(field.name)

    def _source_wrongs(self) -> Iterator[Wrong]:
        main = _MAIN.get(self.kind)
        if main and not self.sources:
            yield Wrong("sources", "missing")
        for language, texts in self.sources.items():
            place = f"sources.{language}"
            if language not in _LANGUAGES:
                yield Wrong(place, "unknown_language")
            elif not main and language not in self.files:
                yield Wrong(f"files.{language}", "missing")
            if main and main not in texts and not (self.kind == "html" and "mjml" in texts):
                yield Wrong(f"{place}.{main}", "missing")
            if {"html", "mjml"} <= texts.keys():
                yield Wrong(f"{place}.mjml", "html_and_mjml")
            for part, text in texts.items():
                if part not in _PARTS[self.kind]:
                    yield Wrong(f"{place}.{part}", "not_of_this_kind", {"kind": self.kind})
                if len(text) > _SOURCE:
                    yield Wrong(f"{place}.{part}", "too_long", {"most": _SOURCE})

    def _file_wrongs(self) -> Iterator[Wrong]:
        if self.kind == "word" and not self.files:
            yield Wrong("files", "missing")
        for language, file in self.files.items():
            place = f"files.{language}"
            if self.kind != "word":
                yield Wrong(place, "not_of_this_kind", {"kind": self.kind})
            if language not in _LANGUAGES:
                yield Wrong(place, "unknown_language")
            if (file.content is None) == (file.sha256 is None):
                yield Wrong(f"{place}.content", "content_or_sha256")


class DocumentLayout(Aggregate):
    """A layout and its latest version."""

    TOPIC = "dossier.DocumentLayout"

    class Created(Aggregate.Created):
        """The first fact of a layout."""

        TOPIC = "dossier.DocumentLayout.Created"

    class Recorded(Created):
        """A layout was put, as version 1."""

        TOPIC = "dossier.DocumentLayout.Recorded"

        layout_id: str
        supplied: bool
        name: str
        kind: str
        fields: list[dict[str, Any]]
        sha256: str

    class VersionRecorded(Aggregate.Event):
        """A layout got other content or another name, as its next version."""

        TOPIC = "dossier.DocumentLayout.VersionRecorded"

        number: int
        name: str
        kind: str
        fields: list[dict[str, Any]]
        sha256: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let this be the latest version."""
            assert isinstance(aggregate, DocumentLayout)  # noqa: S101 -- the library types it as any aggregate
            aggregate.number = self.number
            aggregate.facts = {"name": self.name, "kind": self.kind, "fields": self.fields, "sha256": self.sha256}

    def __init__(
        self, layout_id: str, supplied: bool, name: str, kind: str, fields: list[dict[str, Any]], sha256: str
    ) -> None:
        self.layout_id = layout_id
        self.supplied = supplied
        self.number = 1
        self.facts: dict[str, Any] = {"name": name, "kind": kind, "fields": fields, "sha256": sha256}

    @classmethod
    def record(cls, name: str, facts: dict[str, Any], *, supplied: bool) -> Self:
        """Put a layout for the first time."""
        identity = setup_id_of("layout", name)
        return cls._create(cls.Recorded, id=identity, layout_id=name, supplied=supplied, **facts)

    def change(self, facts: dict[str, Any]) -> None:
        """Put a next version, if anything of it is otherwise."""
        if facts != self.facts:
            self.trigger_event(self.VersionRecorded, number=self.number + 1, **facts)
