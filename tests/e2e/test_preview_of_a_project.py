"""What a preview shows of a project's own: its looks, its people, its languages."""

from pathlib import Path

from tests.e2e.conftest import MONDAY, Shell
from tests.e2e.test_preview import BODY, Serving, serving
from tests.unit.test_branding import png

TOML = "mailer.toml"
SENDER = "[sender]\n"


def with_brand(shell: Shell, *lines: str) -> None:
    shell.edit(TOML, SENDER, "\n".join(("[brand]", *lines, "", SENDER)))


def message(preview: Serving, of: str = "sample/digest") -> str:
    return preview.client.get("/message", params={"of": of}).text


def test_samples_speak_for_the_project(shell: Shell) -> None:
    shell.edit(TOML, 'name = "Your coalition"', 'name = "Unidos por Aztlán"')
    note = '[coalition.note]\nen = "Bring two drums."\n\n[sender]\n'
    shell.edit(TOML, SENDER, note)
    with_brand(shell, 'colour = "#174F6B"', 'footer = "Founded in Logan Heights."')
    with serving(shell) as preview:
        page = message(preview)

    assert "Unidos por Aztlán" in page
    assert "Bring two" in page
    assert "Founded in Logan Heights." in page
    assert "background-color:#174F6B" in page.replace(": ", ":")


def test_a_refused_colour_is_no_ready_sample_but_two_to_choose_from(
    shell: Shell,
) -> None:
    with_brand(shell, 'colour = "#8A8A3A"')
    with serving(shell) as preview:
        page = preview.page().text
        nearer = message(preview, "colour/#7A7A33")

    assert "neither black nor white letters" in page
    assert "#7A7A33, white letters" in page
    assert "#D7D79F, black letters" in page
    assert page.index("colour%2F%237A7A33") < page.index("colour%2F%23D7D79F")
    assert page.count("of=colour%2F%23D7D79F&amp;language=en&amp;look=light") == 1
    assert "Choose one" in page
    assert ">Ready<" not in page
    assert "background-color:#7A7A33" in nearer.replace(": ", ":")


def test_the_logo_is_served_within_the_preview_and_said_to_be_kept_back(
    shell: Shell,
) -> None:
    picture = png(200, 80)
    (shell.folder / "logo.png").write_bytes(picture)
    with_brand(shell, 'logo = "logo.png"')
    with serving(shell) as preview:
        page, frame = preview.page().text, message(preview)
        logo = preview.client.get("/brand/logo.png")
        policy = preview.client.get("/message?of=sample/digest").headers

    assert 'src="/brand/logo.png"' in frame
    assert logo.content == picture
    assert logo.headers["content-type"] == "image/png"
    assert "img-src 'self'" in policy["content-security-policy"]
    assert "What is sent leaves the logo out:</b> mail clients" in page
    assert "base_url in mailer.toml is http://127.0.0.1:8000" in page


def test_a_project_without_a_logo_serves_none(shell: Shell) -> None:
    with serving(shell) as preview:
        assert preview.client.get("/brand/logo.png").status_code == 404


def test_a_written_preview_says_that_the_logo_is_left_out(filled: Shell) -> None:
    (filled.folder / "logo.png").write_bytes(png(200, 80))
    with_brand(filled, 'logo = "logo.png"')
    ran = filled("preview", "weekly", "--as-of", MONDAY, "--strict")
    assert "warning, images, in 3 versions: What is sent leaves the logo out" in ran.out


def test_a_sentence_that_lost_its_spanish_fails_a_strict_preview(filled: Shell) -> None:
    filled.edit(BODY, '_("Near you")', '_("Close to you")')
    ran = filled("preview", "weekly", "--as-of", MONDAY, "--strict", check=False)
    assert ran.code == 1
    assert "No Spanish for “Close to you”" in ran.out
    assert "templates/email/digest/body.html, line " in ran.out

    filled.edit(TOML, '["en", "es"]', '["en"]')
    filled("preview", "weekly", "--as-of", MONDAY, "--strict")


def test_a_template_without_the_postal_address_fails_where_there_is_one(
    filled: Shell,
) -> None:
    address = 'postal_address = "PO Box 1, San Diego, CA 92101"'
    filled.edit(TOML, f"# {address}", address)
    footer = "{% if brand.postal_address %}<p"
    filled.edit("templates/email/_design/blocks.html", footer, "{% if false %}<p")
    ran = filled("preview", "weekly", "--as-of", MONDAY, "--strict", check=False)
    assert ran.code == 1
    assert "The postal address from mailer.toml is not there" in ran.out


def test_an_empty_preview_says_who_is_left_out_and_why(shell: Shell) -> None:
    people = shell.folder / "people.csv"
    people.write_text(
        "organization,email,language,city,state\n"
        "One,a@one.example,en,San Diego,CA\nTwo,b@two.example,en,San Diego,CA\n",
        "utf-8",
    )
    nobody = shell("preview", "weekly", "--as-of", MONDAY).out
    shell("import", "subscribers", str(people), "--list", "weekly")
    preview = shell("preview", "weekly", "--as-of", MONDAY).out
    dry = shell("send", "weekly", "--as-of", MONDAY, "--dry-run").out
    refused = shell("send", "weekly", "--as-of", MONDAY, check=False)

    assert "Nobody is on weekly yet; mailer import subscribers FILE" in nobody
    for told in (preview, dry, refused.err):
        assert "2 subscribers are pending: no consent on record" in told
    assert "0 versions. Nothing was sent." in preview
    assert refused.code == 1
    with serving(shell) as page:
        assert "nobody: see why" in page.page().text
        told = page.page(of="list/weekly/0").text
    assert "2 subscribers are pending: no consent on record" in told


def test_a_preview_leaves_no_file_of_an_earlier_one_and_nobody_else_s(
    filled: Shell,
) -> None:
    out = filled.folder / "look"
    command = ("preview", "weekly", "--as-of", MONDAY, "--out", str(out))
    filled(*command)
    before = names(out)
    for name in ("notes.txt", "weekly-2019-10-07-001-en.html.bak", "weekly.html"):
        (out / name).write_text("mine", "utf-8")
    filled(*command, "--for", "ana@barrio.example")

    assert len(before) == 9
    assert names(out) == [
        "notes.txt",
        "weekly-2019-10-07-001-en.html.bak",
        "weekly-2019-10-07-001-es.eml",
        "weekly-2019-10-07-001-es.html",
        "weekly-2019-10-07-001-es.txt",
        "weekly.html",
    ]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_table_of_previews_breaks_no_word_on_a_narrow_terminal(
    filled: Shell,
) -> None:
    command = ("preview", "weekly", "--as-of", MONDAY)
    subjects = {row["subject"] for row in filled(*command, "--json").json["variants"]}
    lines = filled(*command, COLUMNS="80").out.splitlines()
    table = lines[: next(n for n, line in enumerate(lines) if "subscriber" in line)]

    assert max(map(len, table)) <= 80
    words = " ".join(" ".join(table).split())
    assert subjects
    assert all(subject in words for subject in subjects)


def test_a_new_project_explains_itself(shell: Shell) -> None:
    words = (shell.folder / "README.md").read_text("utf-8")
    for file in ("mailer.toml", "lists/", "templates/email/", "scheduler.py"):
        assert file in words
    assert "mailer preview --serve" in words
