"""The guide to layouts: each example in it is one that could be recorded, and its pictures are of this very product."""

import re
import tomllib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from deploy.cli.layout_folder import PARTS
from deploy.pictures import FOLDER, WAYS, pictures, side_by_side
from services.dossier.domain.layout import LayoutFacts
from services.dossier.layouts import supplied
from services.renderer.adapters.reading import read
from shared.blobs import MemoryBlobs
from tests.office import needs_office
from tests.unit.renderer.jobs import a_document

GUIDE = Path("deploy/layouts.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```\w+ (\S+\.\w+)\n(.*?)```", GUIDE, re.DOTALL))
KINDS = {"body.txt": "text", "body.html": "html", "body.mjml": "html", "page.html": "paged", "letter.typ": "typst"}


@pytest.mark.parametrize("name", KINDS)
def test_an_example_in_the_guide_can_be_recorded_as_it_stands(name: str) -> None:
    """FR-102, R-12, R-15."""
    about = tomllib.loads(EXAMPLES["layout.toml"])
    fields = tuple(field["name"] for field in about["fields"])

    found = read(a_document(KINDS[name], fields, **{PARTS[name]: EXAMPLES[name]}), MemoryBlobs().get)

    assert (found.problems, found.warnings) == ((), ())
    used = {one.path.split(".")[1].removesuffix("[]") for one in found.placeholders if one.path.startswith("merge.")}
    assert used <= set(fields)


def test_what_the_guide_says_about_a_layout_is_what_is_taken() -> None:
    """R-10, R-14."""
    about = tomllib.loads(EXAMPLES["layout.toml"])

    facts = LayoutFacts.model_validate(about | {"kind": "typst", "sources": {"nl": {"typst": EXAMPLES["letter.typ"]}}})

    assert facts.wrongs() == []


def test_the_guide_shows_each_supplied_layout_as_the_engines_make_it() -> None:
    """FR-102."""
    assert {path.stem for path in FOLDER.glob("*.png")} == {*supplied(), *WAYS}
    for layout_id, made in pictures():
        with Image.open(BytesIO(made)) as now, Image.open(FOLDER / f"{layout_id}.png") as shown:
            assert now.size == shown.size
            assert now.convert("RGB").tobytes() == shown.convert("RGB").tobytes()
        assert f"(pictures/{layout_id}.png)" in GUIDE


@needs_office
def test_the_guide_shows_a_word_letter_in_three_ways_side_by_side() -> None:
    """FR-39: what is translated looks as LibreOffice prints it."""
    made = dict(side_by_side())

    assert tuple(made) == WAYS
    for name, picture in made.items():
        with Image.open(BytesIO(picture)) as now, Image.open(FOLDER / f"{name}.png") as shown:
            assert now.size == shown.size
        assert f"(pictures/{name}.png)" in GUIDE
    printed = [Image.open(BytesIO(made[name])).convert("L") for name in WAYS[1:]]
    assert (
        sum(ImageChops.difference(*printed).point(lambda off: off > 128).histogram()[1:])
        < 0.02 * printed[0].width * printed[0].height
    )
