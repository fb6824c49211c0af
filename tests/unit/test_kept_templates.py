"""What was compiled is kept, and still names its own file and speaks its own language."""

from pathlib import Path

import jinja2
import pytest

from mailer.adapters.renderer.environment import environment


def written(folder: Path, words: str) -> Path:
    (folder / "web").mkdir(parents=True, exist_ok=True)
    (folder / "web" / "page.html").write_text(words, "utf-8")
    return folder


def printed(folder: Path, language: str = "en", *, autoescape: bool = True) -> str:
    env = environment(folder, language=language, autoescape=autoescape)
    env.filters["spoken"] = lambda word: f"{word} in {language}"
    return env.get_template("web/page.html").render(mark="&")


def test_a_slip_is_told_of_the_file_it_is_in_though_another_has_the_same_words(
    tmp_path: Path,
) -> None:
    one, other = (
        written(tmp_path / name, "\n{{ 1 // mark }}") for name in ("one", "other")
    )
    for folder in (one, other):
        with pytest.raises(TypeError) as told:
            printed(folder)
        files = [str(entry.path) for entry in told.traceback]
        assert str(folder / "web" / "page.html") in files


def test_a_constant_is_spoken_in_the_language_of_whoever_prints_it(
    tmp_path: Path,
) -> None:
    folder = written(tmp_path, "{{ 'five'|spoken }}")
    said = [printed(folder, language) for language in ("en", "es", "en")]
    assert said == ["five in en", "five in es", "five in en"]


def test_what_is_escaped_here_is_not_escaped_there(tmp_path: Path) -> None:
    folder = written(tmp_path, "{{ mark }}")
    said = [printed(folder, autoescape=each) for each in (True, False, True)]
    assert said == ["&amp;", "&", "&amp;"]


def test_a_template_that_was_changed_is_read_anew(tmp_path: Path) -> None:
    assert printed(written(tmp_path, "before")) == "before"
    assert printed(written(tmp_path, "after")) == "after"


def test_a_template_that_cannot_be_read_is_refused_each_time(tmp_path: Path) -> None:
    folder = written(tmp_path, "{% if %}")
    for _ in range(2):
        with pytest.raises(jinja2.TemplateSyntaxError):
            printed(folder)
