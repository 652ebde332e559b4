"""What layouts see: clean values, declared fields, names in place of values."""

from typing import Any

import pytest

from services.renderer.adapters.context import clean, context_of
from shared.contracts.dossier import LayoutDocument, LayoutField
from tests.unit.renderer.jobs import a_context, a_document, a_job, named


def test_an_optional_field_without_a_value_is_none() -> None:
    job = a_job(context=a_context(merge={"seat": 3}))

    seen = context_of(job, a_document(fields=("table", "seat")))

    assert seen["merge"] == {"table": None, "seat": 3}


def test_a_required_field_without_a_value_is_absent() -> None:
    document = LayoutDocument(kind="text", fields=(LayoutField(name="table", required=True),), sources={})

    assert "table" not in context_of(a_job(), document)["merge"]


def test_what_was_not_given_is_none() -> None:
    job = a_job(context={"recipient": {"name": "Anna"}, "sender": None, "date": "2026-11-24"})

    seen = context_of(job, a_document())

    assert seen["recipient"] == {"name": "Anna", "email": None, "language": None}
    assert seen["sender"] == {"name": "", "address": None}


def test_a_generic_document_names_the_fields_that_differ_by_recipient() -> None:
    seen = context_of(a_job(generic=True), a_document())

    assert str(seen["recipient"]["name"]) == "«recipient.name»"
    assert str(seen["destination"]["number"]) == "«destination.number»"
    assert str(seen["merge"]["table"]) == "«merge.table»"
    assert seen["subject"] == "Uitnodiging"
    assert seen["sender"]["name"] == "Bakkerij Van den Berg"


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("a\0b\x1b[31m", "ab[31m"),
        ("a\ud800b\uffff", "ab"),
        ("gp\u202egnp.exe", "gpgnp.exe"),
        ("a\u2066b\u2069", "ab"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("tab\tstays", "tab\tstays"),
        ("Ωμέγα 王 👩‍🚀 ij̈", "Ωμέγα 王 👩‍🚀 ij̈"),
        ({"k\0": ["\ud800x", {"y": ("\x07z",)}]}, {"k": ["x", {"y": ["z"]}]}),
        (7.5, 7.5),
        (None, None),
    ],
)
def test_values_lose_what_is_no_text(given: Any, seen: Any) -> None:
    assert clean(given) == seen


def test_a_name_is_one_line() -> None:
    seen = context_of(a_job(context=named(" Anna\r\n\u200fBcc: x\t ")), a_document())

    assert seen["recipient"]["name"] == "Anna Bcc: x"
