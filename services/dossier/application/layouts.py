"""Document layouts: put as versions, copied, blocked, compared, and offered to those whose data they take."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.dossier.application.layout_files import LayoutFiles
from services.dossier.application.ports import LayoutJudge, Tables
from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.layout import LayoutFacts, layout_id_wrongs
from services.dossier.domain.layout_choice import Use, is_offered
from services.dossier.domain.layout_versions import DocumentLayout, content_of, difference, without_pdf
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.text import has_control
from shared.blobs import Blob, Blobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.layouts import FormatsTold, LayoutJudged
from shared.store import Conflict, Store

Facts = dict[str, Any]
MAKER = "uitpost"  # who puts the supplied layouts
_NAME = 200


class Layouts:
    """What is done with document layouts; a layout that can't be merged is never recorded."""

    def __init__(
        self,
        store: Store,
        tables: Tables,
        blobs: Blobs,
        canonical: Callable[[LayoutDocument], bytes],
        judge: LayoutJudge,
    ) -> None:
        self._store = store
        self._tables = tables
        self._blobs = blobs
        self._canonical = canonical
        self._judge = judge
        self._files = LayoutFiles(tables, blobs, judge)

    async def all(self, kind: str | None = None, use: Use | None = None) -> dict[str, Facts]:
        """Return the layouts by id: all, or those offered for a kind of destination, as a body or an attachment."""
        layouts = await self._tables.set_up("layout")
        if kind is None and use is None:
            return layouts
        return {name: facts for name, facts in layouts.items() if is_offered(facts, use, [kind] if kind else [])}

    async def one(self, name: str) -> Facts:
        """Return a layout as it now stands; raise `Refused` (404) where there is none."""
        return (await self._load(name)).row

    async def inspect(self, facts: LayoutFacts) -> LayoutJudged:
        """Return all that is found in a layout, good or bad; nothing of it is recorded. Raises `Refused`."""
        if wrongs := facts.wrongs():
            raise Refused(wrongs)
        return (await self._files.read(facts))[1]

    async def put(self, name: str, facts: LayoutFacts, by: str) -> tuple[Facts, LayoutJudged]:
        """Put a layout, as its next version if anything differs; return it, and what was found in it.

        Raises `Refused` for a supplied one (409), one that can't be merged (422), and while nobody can tell (503).
        """
        if wrongs := [*layout_id_wrongs(name), *facts.wrongs()]:
            raise Refused(wrongs)
        standing = (await self._tables.set_up("layout")).get(name)
        if standing and standing["supplied"]:
            raise Refused([Wrong("id", "supplied_layout", {"layout": name})], status=409)
        document, judged = await self._files.judged(facts)
        collection = facts.data_collection
        if collection is None:
            collection = standing["data_collection"] if standing else []
        said = await self._said(facts.name, document, collection, facts.sort_by)
        return (await self._put(name, said, by, facts.reason)).row, judged

    async def copy(self, name: str, new_name: str, title: str, by: str) -> Facts:
        """Put what a layout now is under another id, to be changed there (R-9); raise `Refused` for a taken one."""
        wrongs = layout_id_wrongs(new_name)
        if not title.strip() or len(title) > _NAME or has_control(title):
            wrongs.append(Wrong("name", "missing" if not title.strip() else "control_character"))
        if wrongs:
            raise Refused(wrongs)
        layout = await self._load(name)
        said = layout.facts | {"name": title}
        standing = await self._store.load(DocumentLayout, setup_id_of("layout", new_name))
        if standing is not None:
            if (standing.copy_of, standing.versions[0]["name"]) == (name, title):
                return standing.row
            raise Refused([Wrong("id", "layout_id_taken", {"layout": new_name})], status=409)
        made = DocumentLayout.record(new_name, said, by, "", copy_of=name)
        try:
            await self._store.record(made, rows=[self._tables.setup("layout", new_name, made.row)])
        except Conflict:
            return await self.copy(name, new_name, title, by)
        return made.row

    async def block(self, name: str, blocked: bool, by: str, reason: str) -> Facts:
        """Let a layout not be offered any more, or be so again (R-12); raise `Refused` (404) where there is none."""
        while True:
            layout = await self._load(name)
            layout.block(blocked, by, reason)
            if await self._recorded(name, layout):
                return layout.row

    async def versions(self, name: str) -> list[Facts]:
        """Return all versions of a layout, the oldest first; raise `Refused` (404) where there is none."""
        return (await self._load(name)).versions

    async def version(self, name: str, number: int) -> Facts:
        """Return one version with its sources; raise `Refused` (404) where there is none."""
        facts = (await self._load(name)).put_as(number)
        return {**facts, **content_of(await self._document(facts))}

    async def file(self, name: str, number: int, language: str) -> bytes:
        """Return the .docx of one version in a language; raise `Refused` (404) where there is none."""
        document = await self._document((await self._load(name)).put_as(number))
        if language not in document.files:
            raise Refused([Wrong("", "unknown_layout_file", {"language": language[:20]})], status=404)
        return await asyncio.to_thread(self._blobs.get, document.files[language].sha256)

    async def compare(self, name: str, old: int, new: int) -> Facts:
        """Return what one version has otherwise than another; raise `Refused` (404) where there is none."""
        layout = await self._load(name)
        before, after = layout.put_as(old), layout.put_as(new)
        return difference(before, await self._document(before), after, await self._document(after))

    async def formats(self) -> FormatsTold:
        """Return which formats layouts become, and by what (FR-105); raise `Refused` (503) while nobody can tell."""
        told = await self._judge.formats()
        if told is None:
            raise Refused([Wrong("", "renderer_silent")], status=503)
        return told

    async def record_supplied(
        self, layouts: Mapping[str, LayoutDocument], names: Mapping[str, str], files: Iterable[bytes] = ()
    ) -> None:
        """Put the layouts that come with the product, each as its next version where it changed, and their files."""
        await asyncio.to_thread(self._blobs.put_many, [Blob(content) for content in files])
        for layout_id, document in layouts.items():
            said = await self._said(names.get(layout_id, layout_id), document, [], None)
            await self._put(layout_id, said, MAKER, "", supplied=True)

    async def _said(self, title: str, document: LayoutDocument, collection: list[str], sort_by: str | None) -> Facts:
        blob = Blob(self._canonical(document), compress=True)
        [ref] = await asyncio.to_thread(self._blobs.put_many, [blob])
        return {
            "name": title,
            "kind": document.kind,
            "fields": [field.model_dump() for field in document.fields],
            "pdf": document.pdf,
            "pdf_missing": without_pdf(document),
            "data_collection": collection,
            "sort_by": sort_by,
            "sha256": ref.sha256,
        }

    async def _put(self, name: str, said: Facts, by: str, reason: str, *, supplied: bool = False) -> DocumentLayout:
        while True:
            layout = await self._store.load(DocumentLayout, setup_id_of("layout", name))
            if layout is None:
                layout = DocumentLayout.record(name, said, by, reason, supplied=supplied)
            else:
                layout.change(said, by, reason)
            if await self._recorded(name, layout):
                return layout

    async def _recorded(self, name: str, layout: DocumentLayout) -> bool:
        """Return whether it is recorded as it is; not if another was faster."""
        if not layout.pending_events:
            return True
        try:
            await self._store.record(layout, rows=[self._tables.setup("layout", name, layout.row)])
        except Conflict:
            return False
        return True

    async def _load(self, name: str) -> DocumentLayout:
        layout = await self._store.load(DocumentLayout, setup_id_of("layout", name))
        if layout is None:
            raise Refused([Wrong("", "unknown_layout", {"layout": name[:80]})], status=404)
        return layout

    async def _document(self, facts: Mapping[str, Any]) -> LayoutDocument:
        return LayoutDocument.model_validate_json(await asyncio.to_thread(self._blobs.get, facts["sha256"]))
