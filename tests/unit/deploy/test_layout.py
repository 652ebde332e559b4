"""`uitpost layout`: layouts from folders and back, their versions, and a look at what they make."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.layout_folder import layout_in, write_layout
from services.dossier.domain.layout import LayoutFacts
from services.dossier.layouts import supplied
from tests.unit.deploy.stand_in import StandIn
from tests.unit.deploy.test_cli import Uitpost, api, uitpost

__all__ = ["api", "uitpost"]
SUPPLIED = Path("services/dossier/layouts")
FOUND: dict[str, Any] = {
    "problems": [],
    "warnings": [{"field": "sources.nl.text", "code": "layout_noticed", "detail": "let op"}],
    "placeholders": [{"path": "merge.table", "places": ["nl.text"], "required": True}],
    "fields": [{"name": "table", "required": True}],
    "declined": {},
}


def a_folder(at: Path, about: str = "") -> Path:
    """A layout of one line as a folder."""
    (at / "groet" / "nl").mkdir(parents=True)
    (at / "groet" / "nl" / "body.txt").write_text("Tafel {{ merge.table }}\n", "utf-8")
    if about:
        (at / "groet" / "layout.toml").write_text(about, "utf-8")
    return at / "groet"


def a_layout(**others: Any) -> dict[str, Any]:
    """A layout as it is shown."""
    return {
        "id": "groet", "kind": "typst", "name": "Groet", "version": 3, "data_collection": [], "pdf_missing": [], **others,
    }  # fmt: skip


@pytest.mark.parametrize("layout_id", supplied())
def test_a_supplied_layout_can_be_put_from_its_folder(layout_id: str) -> None:
    """FR-102, R-9: a copy begins with the folder of the original."""
    document = supplied()[layout_id]

    facts = LayoutFacts.model_validate(layout_in(SUPPLIED / layout_id))

    assert facts.wrongs() == []
    assert facts.files.keys() == document.files.keys()
    assert facts.document(document.files) == document.model_copy(update={"pdf_engines": {}})


def test_a_folder_is_written_as_it_is_read(tmp_path: Path) -> None:
    layout = {
        "name": 'Onze "brief"',
        "kind": "typst",
        "pdf": "a-2b",
        "sort_by": "merge.city",
        "data_collection": ["person"],
        "fields": [{"name": "city", "required": True}],
        "sources": {"nl": {"typst": "Dag\n", "filename": "brief"}},
    }

    write_layout(tmp_path / "x", layout, {})

    assert layout_in(tmp_path / "x") == layout


def test_a_word_layout_is_written_with_its_documents(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    """R-9: a copy of a supplied one is opened in Word, and put again."""
    word = {"id": "letter-word", "kind": "word", "version": 1, "name": "Brief", "fields": [], "sources": {}}
    api.answer("GET /layouts/letter-word", word)
    api.answer("GET /layouts/letter-word/versions/1", word | {"files": {"nl": {"sha256": "ab", "size": 4}}})
    api.answer("GET /layouts/letter-word/versions/1/files/nl", "PK..")

    done = uitpost("layout", "show", "letter-word", "--out", str(tmp_path / "ours"))

    assert done.code == 0
    assert "letter.docx" in done.err
    assert json.loads((tmp_path / "ours" / "nl" / "letter.docx").read_bytes()) == "PK.."
    assert layout_in(tmp_path / "ours")["kind"] == "word"


def test_a_layout_of_a_folder_declares_what_it_uses(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    """R-15: no list of merge fields is written by hand."""
    api.answer("POST /layouts/inspect", FOUND)
    api.answer("PUT /layouts/groet", {"id": "groet", "version": 1, "warnings": FOUND["warnings"]})

    done = uitpost("layout", "add", str(a_folder(tmp_path)), "--reason", "Nieuw")

    assert (done.code, done.out) == (0, "id\tgroet\nversion\t1\n")
    assert "let op" in done.err
    [put] = api.bodies("PUT /layouts/groet")
    assert put == {
        "name": "groet",
        "kind": "text",
        "sources": {"nl": {"text": "Tafel {{ merge.table }}\n"}},
        "reason": "Nieuw",
        "fields": [{"name": "table", "required": True}],
    }


@pytest.mark.parametrize(("problems", "code"), [([], 0), ([{"field": "x", "code": "y", "detail": "stuk"}], 4)])
def test_a_layout_is_validated_without_being_recorded(
    uitpost: Uitpost, api: StandIn, tmp_path: Path, problems: list[Any], code: int
) -> None:
    """R-12."""
    api.answer("POST /layouts/inspect", FOUND | {"problems": problems})

    done = uitpost("layout", "validate", str(a_folder(tmp_path, 'name = "Groet"\n')))

    assert done.code == code
    assert "uses\tmerge.table\tnl.text\n" in done.out
    assert ("stuk" in done.out) == bool(problems)
    assert [name for name, *_ in api.asked] == ["POST /layouts/inspect"]


@pytest.mark.parametrize(
    ("name", "content"), [("nl/letter.pdf", "x"), ("layout.toml", "name ="), ("nl/body.html", b"\xff")]
)
def test_a_folder_that_is_no_layout_is_told_before_anything_is_sent(
    uitpost: Uitpost, api: StandIn, tmp_path: Path, name: str, content: str | bytes
) -> None:
    path = a_folder(tmp_path) / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    done = uitpost("layout", "add", str(tmp_path / "groet"))

    assert (done.code, api.asked) == (4, [])
    assert str(path) in done.err


@pytest.mark.parametrize("link", ["nl/letter.typ", "layout.toml", "en"])
def test_a_link_in_a_folder_is_not_followed(uitpost: Uitpost, api: StandIn, tmp_path: Path, link: str) -> None:
    """FR-102: whoever made the folder gets nothing of the machine on which it is put."""
    path = a_folder(tmp_path) / link
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "letter.typ").write_text("#secret", "utf-8")
    path.symlink_to(tmp_path / "elsewhere" / ("" if link == "en" else "letter.typ"))

    done = uitpost("layout", "add", str(tmp_path / "groet"))

    assert (done.code, api.asked) == (4, [])
    assert f"{path} is a link" in " ".join(done.err.split())


def test_an_empty_folder_is_no_layout(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    assert (uitpost("layout", "add", str(tmp_path)).code, api.asked) == (4, [])


def test_layouts_are_copied_blocked_listed_and_compared(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    """R-9, R-11, R-12."""
    version = {"version": 2, "at": "2026-03-02", "by": "jan", "reason": "Nieuw", "sha256": "ab"}
    one = {"id": "letter", "kind": "text", "version": 2, "name": "Brief", "blocked": False}
    sources = {"sources": {"nl": {"text": "Dag"}}, "fields": []}
    diff = {"language": "nl", "part": "text", "diff": "-a\n+b"}
    compared = {"facts": [], "fields": {"added": ["x"], "removed": []}, "sources": [diff], "files": []}
    api.answer("POST /layouts/letter/copy", {"id": "ours"}, status=201)
    api.answer("PUT /layouts/letter/blocked", {"id": "letter", "blocked": True})
    api.answer("GET /layouts", {"items": [one]})
    api.answer("GET /layouts/letter", one)
    api.answer("GET /layouts/letter/versions", {"items": [version]})
    api.answer("GET /layouts/letter/versions/2", one | sources)
    api.answer("GET /layouts/letter/versions/1/compare/2", compared)

    ended = [
        uitpost("layout", "copy", "letter", "ours", "--name", "Onze brief"),
        uitpost("layout", "block", "letter", "--reason", "Oud"),
        uitpost("layout", "block", "letter", "--undo"),
        uitpost("layout", "show", "letter", "--out", str(tmp_path / "letter")),
    ]
    listed = uitpost("layout", "list", "--for", "body", "--for-kind", "person")

    assert [one.code for one in ended] == [0, 0, 0, 0]
    assert api.bodies("POST /layouts/letter/copy") == [{"id": "ours", "name": "Onze brief"}]
    assert [one["blocked"] for one in api.bodies("PUT /layouts/letter/blocked")] == [True, False]
    assert (tmp_path / "letter" / "nl" / "body.txt").read_text("utf-8") == "Dag"
    assert listed.out == "letter\ttext\t2\tBrief\tno\n"
    assert {"for": "body", "destination_kind": "person"}.items() <= api.queries("GET /layouts")[0].items()
    assert uitpost("layout", "versions", "letter").out == "2\t2026-03-02\tjan\tNieuw\tab\n"
    assert uitpost("layout", "diff", "letter").out == 'fields added\tx\nnl/text\t["-a", "+b"]\n'


@pytest.mark.parametrize(("kind", "issue"), [("text", "email"), ("typst", "document")])
def test_a_layout_is_looked_at_before_it_is_used(
    uitpost: Uitpost, api: StandIn, tmp_path: Path, kind: str, issue: str
) -> None:
    """R-12, FR-42."""
    parts: dict[str, Any] = {
        "text": "/api/v1/previews/1/text",
        "html": None,
        "attachment": None,
        "pages": [],
        "page_count": 0,
    }
    api.answer("GET /layouts/groet", a_layout(kind=kind))
    api.answer("GET /item-types", {"items": []})
    api.answer("GET /senders", {"items": [{"id": "sales"}]})
    api.answer("POST /dossier-items/preview", {"faults": [], "warnings": [], "parts": parts})
    api.answer("GET /previews/1/text", "Dag")

    done = uitpost(
        *("layout", "preview", "groet", "--to", "organisation/1000", "--merge", "table=7", "--out", str(tmp_path))
    )

    [asked] = api.bodies("POST /dossier-items/preview")
    assert (done.code, json.loads((tmp_path / "body.txt").read_text("utf-8"))) == (0, "Dag")
    assert asked["issue_method"] == issue
    assert asked["destinations"] == [{"kind": "organisation", "number": "1000", "merge": {"table": "7"}}]


@pytest.mark.parametrize(
    ("takes", "kind"),
    [
        ([], "person"),
        (["organisation", "person"], "person"),
        (["employee"], "employee"),
        (["contact_person"], "contact_person"),
    ],
)
def test_an_invented_addressee_is_of_a_kind_that_the_layout_takes(
    uitpost: Uitpost, api: StandIn, takes: list[str], kind: str
) -> None:
    """R-10, R-12."""
    api.answer("GET /layouts/groet", a_layout(data_collection=takes))
    api.answer("GET /item-types", {"items": []})

    uitpost("layout", "preview", "groet")

    [asked] = api.bodies("POST /dossier-items/preview")
    assert (asked["type"], asked["destinations"][0]["kind"]) == ("outgoing_mail", kind)
    assert ("contact_id" in asked["destinations"][0]) == (kind == "contact_person")


@pytest.mark.parametrize(
    ("others", "chosen"),
    [
        ({}, "cards"),
        ({"auto_document_layout_id": None, "on_intake": {"attachment_layout_id": "groet"}}, "cards"),
        ({"auto_document_layout_id": None}, "outgoing_mail"),
        ({"blocked": True}, "outgoing_mail"),
        ({"issue_methods": ["email"]}, "outgoing_mail"),
        ({"fields": {"cause_item_id": "mandatory"}}, "outgoing_mail"),
        ({"features": {"without_allowed": False}}, "outgoing_mail"),
        ({"destinations": {"person": "not_allowed"}}, "outgoing_mail"),
        ({"destinations": {"employee": "mandatory"}}, "outgoing_mail"),
    ],
)
def test_a_layout_is_looked_at_as_its_own_type_issues_it(
    uitpost: Uitpost, api: StandIn, others: dict[str, Any], chosen: str
) -> None:
    """FR-87, R-12."""
    own: dict[str, Any] = {
        "id": "cards",
        "blocked": False,
        "issue_methods": ["none", "document"],
        "fields": {"comment": "on"},
        "features": {"without_allowed": True},
        "destinations": {},
        "on_intake": None,
        "auto_document_layout_id": "groet",
    }
    api.answer("GET /layouts/groet", a_layout())
    api.answer("GET /item-types", {"items": [own | others]})

    uitpost("layout", "preview", "groet")

    [asked] = api.bodies("POST /dossier-items/preview")
    assert asked["type"] == chosen


@pytest.mark.parametrize(("missing", "option", "printed"), [([], [], True), ([], ["--docx"], None), (["nl"], [], None)])
def test_a_word_layout_is_looked_at_as_a_pdf_where_it_makes_one(
    uitpost: Uitpost, api: StandIn, missing: list[str], option: list[str], printed: bool | None
) -> None:
    """R-12, FR-39."""
    api.answer("GET /layouts/groet", a_layout(kind="word", pdf_missing=missing))
    api.answer("GET /item-types", {"items": []})

    uitpost("layout", "preview", "groet", *option)

    [asked] = api.bodies("POST /dossier-items/preview")
    assert asked.get("attachment_read_only") is printed


def test_what_a_preview_cannot_make_is_told_with_its_place(uitpost: Uitpost, api: StandIn) -> None:
    fault = {"layout_id": "groet", "language": "nl", "field": "merge.table", "line": 3, "detail": "unknown"}
    api.answer("GET /layouts/groet", a_layout(kind="paged"))
    api.answer("GET /item-types", {"items": []})
    api.answer("POST /dossier-items/preview", {"faults": [fault], "warnings": [], "parts": {}})

    done = uitpost("layout", "preview", "groet")

    assert done.code == 4
    assert "field merge.table, line 3" in done.err
    assert uitpost("layout", "preview", "groet", "--to", "1000").code == 2
