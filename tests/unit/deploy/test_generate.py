"""What follows from the code is written down, and `make check` says when it no longer follows."""

import json
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from deploy import generate
from shared.contracts import every_kind
from shared.settings import Settings


def test_every_message_is_described_with_its_headers_and_what_upstream_may_say_too() -> None:
    described = yaml.safe_load(generate.asyncapi())

    actions = {name: operation["action"] for name, operation in described["operations"].items()}
    addresses = {channel["address"] for channel in described["channels"].values()}
    sent = described["components"]["messages"]["MailSent:Message"]
    assert addresses >= {kind.SUBJECT for kind in every_kind() if kind.__module__.startswith("shared.contracts")}
    assert addresses >= {"uitpost.intake.dossier-item", "uitpost.intake.contact"}
    assert actions["MailSent"] == "send"
    assert actions["Intake"] == "receive"
    assert "ce-id" in sent["headers"]["properties"]


def test_the_description_is_the_same_each_time() -> None:
    assert generate.asyncapi() == generate.asyncapi()


def test_every_setting_stands_in_the_run_book() -> None:
    table = generate.settings_table()

    assert all(f"`UITPOST_{name.upper()}`" in table for name in (*Settings.model_fields, "consent", "parts_days"))
    assert table in generate.readme()


def test_a_file_that_no_longer_follows_is_told_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    monkeypatch.setattr(generate, "FILES", {"words.txt": lambda: "new\n"})
    (tmp_path / "words.txt").write_text("old\n", "utf-8")

    codes = []
    for how in ("--check", "--write", "--check"):
        monkeypatch.setattr(sys, "argv", ["generate", how])
        codes.append(generate.main())

    assert codes == [1, 0, 0]
    assert "-old\n+new\n" in capsys.readouterr().out


def test_every_operation_has_a_name_of_its_own() -> None:
    document = json.loads(generate.openapi())
    names = [told["operationId"] for path in document["paths"].values() for told in path.values()]

    assert sorted(set(names)) == sorted(names)
