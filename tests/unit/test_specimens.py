"""Sample data beside templates: people edit it, so its mistakes are named."""

import json
import shutil
from pathlib import Path

import pytest

from mailer.adapters.renderer.specimens import specimens
from mailer.core.errors import InputError

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def test_every_folder_of_templates_has_a_specimen() -> None:
    folders = {path.name for path in (TEMPLATES / "email").glob("[!_]*")}
    assert {one.folder for one in specimens(TEMPLATES).values()} == folders


@pytest.mark.parametrize(
    ("file", "before", "after", "complaint"),
    [
        ("blast", '"urgency": "urgent"', '"urgency": "loud"', "urgent.urgency: 'loud'"),
        (
            "blast",
            '"headline"',
            '"hedline"',
            "en: “hedline” is not known here; did you mean “headline”",
        ),
        ("blast", '"in_both": true,', "", "urgent: the key in_both is missing"),
        ("blast", '"coordinators": 2', '"coordinators": "2"', 'coordinators: "2" is'),
        ("note", '"day": "2019-10-12"', '"day": "12 Oct"', "day: Invalid isoformat"),
        ("note", '"left"', '"gone"', "'gone' is not a valid NoteKind"),
        ("confirm", "2019-10-14", "soon", "json: expires_on: Invalid isoformat"),
        (
            "correction",
            '"was"',
            '"said"',
            r"json: errata.en\[0\]: “said” is not known here",
        ),
        ("blast", '"blasts"', '"calls"', "the key blasts must be an object"),
        ("note", "{", "[", "Expecting|delimiter|JSON|object"),
    ],
)
def test_a_mistake_in_sample_data_is_named_with_file_and_key(
    templates: Path, file: str, before: str, after: str, complaint: str
) -> None:
    sample = templates / "email" / file / "sample.json"
    words = sample.read_text("utf-8")
    assert before in words
    sample.write_text(words.replace(before, after, 1), "utf-8")
    with pytest.raises(InputError, match=complaint) as refused:
        specimens(templates)
    assert str(refused.value).startswith(f"templates/email/{file}/sample.json")


def test_a_sample_that_is_not_there_is_named(templates: Path) -> None:
    (templates / "email" / "confirm" / "sample.json").unlink()
    with pytest.raises(InputError, match=r"confirm.sample\.json: cannot be read"):
        specimens(templates)


def test_samples_say_what_in_them_is_invented() -> None:
    for file in (TEMPLATES / "email").glob("*/sample.json"):
        assert json.loads(file.read_text("utf-8"))["about"], file
