"""What is put of a document layout: its sources and files by language, its merge fields, and whom it fits."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.identity import KINDS
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control, is_number
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
_ID = 80
_SOURCE = 500_000  # characters of one source text
BY_NAME = "recipient.name"
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def layout_id_wrongs(name: str) -> list[Wrong]:
    """Return what is wrong with the id of a layout."""
    good = is_number(name) and len(name) <= _ID and "/" not in name
    return [] if good else [Wrong("id", "wrong_number")]


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
    """What is put of a layout: its sources by language, in each its texts by name; of a Word layout its files.

    `data_collection` are the kinds of destination whose data it takes, none given = all (R-10, R-11); `sort_by` is
    what letters that are printed together are sorted by (R-14); `reason` says why this version is put.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=200)
    kind: LayoutKind
    fields: list[DeclaredField] = Field([], max_length=500)
    sources: dict[str, dict[str, str]] = {}
    files: dict[str, GivenFile] = {}
    pdf: PdfStandard = "plain"
    data_collection: list[str] | None = Field(None, max_length=len(KINDS))
    sort_by: str | None = Field(None, max_length=110)
    reason: str = Field("", max_length=1000)

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it; whether its sources render shows in the renderer."""
        return [*self._field_wrongs(), *self._fitting_wrongs(), *self._source_wrongs(), *self._file_wrongs()]

    def document(self, files: Mapping[str, BlobRef]) -> LayoutDocument:
        """Return the content of this version, with its files as they are kept."""
        said = self.model_dump(include={"kind", "fields", "sources", "pdf"})
        return LayoutDocument.model_validate({**said, "files": dict(files)})

    def _field_wrongs(self) -> Iterator[Wrong]:
        if has_control(self.name):
            yield Wrong("name", "control_character")
        if self.pdf != "plain" and self.kind not in {"typst", "word"}:
            yield Wrong("pdf", "not_of_this_kind", {"kind": self.kind})
        seen: set[str] = set()
        for number, field in enumerate(self.fields):
            if not _FIELD.fullmatch(field.name):
                yield Wrong(f"fields[{number}].name", "wrong_field_name")
            if field.name in seen:
                yield Wrong(f"fields[{number}].name", "duplicate_field", {"name": field.name})
            seen.add(field.name)

    def _fitting_wrongs(self) -> Iterator[Wrong]:
        if has_control(self.reason.replace("\n", "")):
            yield Wrong("reason", "control_character")
        for number, kind in enumerate(self.data_collection or []):
            if kind not in KINDS:
                yield Wrong(f"data_collection[{number}]", "unknown_destination_kind", {"kind": kind[:40]})
        sortable = [BY_NAME, *(f"merge.{field.name}" for field in self.fields)]
        if self.sort_by is not None and self.sort_by not in sortable:
            yield Wrong("sort_by", "not_sortable", {"sortable": ", ".join(sortable[:20])})

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


def undeclared(facts: LayoutFacts, paths: Iterable[str]) -> list[str]:
    """Return the merge fields that a layout uses and does not declare, by the paths of its placeholders."""
    declared = {field.name for field in facts.fields}
    return [name for name in dict.fromkeys(map(_merge_field, paths)) if name and name not in declared]


def proposed_fields(facts: LayoutFacts, paths: Mapping[str, bool]) -> list[dict[str, Any]]:
    """Return the fields declared, and those that it should: path of a placeholder → whether it must have a value."""
    declared = [field.model_dump() for field in facts.fields]
    return declared + [
        {"name": name, "required": all(must for path, must in paths.items() if _merge_field(path) == name)}
        for name in undeclared(facts, paths)
    ]


def _merge_field(path: str) -> str | None:
    """Return the merge field of a placeholder: `rows` of `merge.rows[].amount`."""
    group, _, rest = path.partition(".")
    name = re.match(_FIELD, rest)
    return name[0] if group == "merge" and name else None
