"""Urgent calls in the console: what two people may do, and what nobody can by accident."""

import email
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from mailer.adapters.database.schema import blasts
from mailer.core.proposal import Stage
from mailer.core.roles import Role
from tests.e2e.callers import MARTA, ROSA, Callers, furnish, outbox
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House, words

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</title><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}${7*7}#{7*7} {{ config }}",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "[a](javascript:alert(1)) <a href=javascript:alert(1)>b</a>",
]


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("calls"))
    furnish(shell)
    with House(shell.folder).open() as house:
        yield house


@pytest.fixture
def callers(house: House) -> Callers:
    return Callers.of(house)


def test_nothing_chosen_means_nobody_and_says_so(callers: Callers) -> None:
    form = {**callers.form(), "include-kind": "", "include-value": ""}
    counted = callers.rosa.post("/console/calls/new", {**form, "action": "count"})
    assert "nothing chosen means nobody" in words(counted)

    callers.rosa.post("/console/calls/new", form)
    page = words(callers.rosa.get(callers.page))
    assert "Nobody would get it" in page
    status, said = callers.press(callers.rosa, "submit")
    assert (status, callers.call.stage) == (409, Stage.DRAFT)
    assert "Mend what stands under “Fix first”" in said


def test_rows_are_added_and_actions_found_without_a_script(callers: Callers) -> None:
    more = callers.rosa.post(
        "/console/calls/new",
        {**callers.form(), "action": "more-include", "find": "mijente"},
    ).text

    assert more.count('name="include-kind"') == 2
    assert 'value="California"' in more
    assert "· Los Angeles, CA" in more
    assert "· San Diego, CA" not in more


def test_what_is_wrong_is_marked_and_nothing_that_was_typed_is_lost(
    callers: Callers,
) -> None:
    form = {**callers.form(), "en-headline": "x" * 90, "include-value": ""}
    answer = callers.rosa.post("/console/calls/new", form)

    assert answer.status_code == 422
    assert 'id="include-0-wrong"' in answer.text
    assert "Bring **water**." in answer.text
    names = {each.name for each in callers.house.project.blasts.every()}
    assert callers.name not in names


def test_no_day_and_no_number_that_somebody_types_breaks_the_page(
    callers: Callers,
) -> None:
    for day in ("9999-12-31", "0001-01-01"):
        form = callers.form(**{"until-day": day, "until-time": "23:59"})
        answer = callers.rosa.post("/console/calls/new", form)
        assert answer.status_code == 422
        assert 'id="until-day-wrong"' in answer.text
    callers.write()
    form = callers.form(revision="9" * 5000)

    assert callers.rosa.post(f"{callers.page}/edit", form).status_code == 409


def test_a_warning_is_answered_by_name_and_the_approver_reads_the_reason(
    callers: Callers,
) -> None:
    only_english = dict.fromkeys(("es-headline", "es-reason", "es-body"), "")
    callers.write(**only_english)
    status, said = callers.press(callers.rosa, "submit")
    assert status == 409
    assert "Give a reason for it" in said

    status, _ = callers.press(
        callers.rosa,
        "submit",
        warning="missing-language",
        **{"why-missing-language": " "},
    )
    assert status == 422
    callers.press(
        callers.rosa,
        "submit",
        warning="missing-language",
        **{"why-missing-language": "Eva translates it by phone."},
    )
    assert callers.call.stage is Stage.SUBMITTED
    assert "Eva translates it by phone." in words(callers.marta.get(callers.page))


def test_who_wrote_it_does_not_approve_it_under_any_spelling(callers: Callers) -> None:
    house = callers.house
    house.person("both@union.example", [Role.AUTHOR, Role.APPROVER], codes=True)
    both = house.signed_in("both@union.example")
    callers.write()
    house.project.proposer().edit(
        callers.name, callers.call.draft, by=" Both@UNION.example "
    )
    callers.press(callers.rosa, "submit")

    status, said = callers.press(both, "approve")

    assert status == 409
    assert "does not approve it. Ask somebody else" in said
    assert callers.call.stage is Stage.SUBMITTED


def test_an_approval_is_of_what_was_seen(callers: Callers) -> None:
    callers.submitted()
    seen = str(callers.call.revision)
    callers.rosa.post(
        f"{callers.page}/edit",
        {**callers.form(), "en-body": "Another gate.", "revision": seen},
    )
    callers.press(callers.rosa, "submit")

    status, said = callers.press(callers.marta, "approve", revision=seen)

    assert status == 409
    assert "Somebody has changed it since you opened this page" in said
    assert callers.call.stage is Stage.SUBMITTED


def test_many_people_are_counted_by_hand(callers: Callers) -> None:
    callers.submitted(**{"include-value": "California; Minnesota"})
    status, said = callers.press(callers.marta, "approve")
    assert (status, "Type how many" in said) == (409, True)
    status, said = callers.press(callers.marta, "approve", count="2")
    assert (status, "not how many it goes to" in said) == (409, True)
    status, said = callers.press(callers.marta, "approve", count="3")
    assert (status, "Approved for 3 people" in said) == (303, True)


def test_people_who_came_meanwhile_ask_for_another_look(callers: Callers) -> None:
    callers.submitted(**{"include-value": "MN"})
    with callers.house.project.database.writing() as connection:
        mine = blasts.c.id == callers.call.number
        connection.execute(update(blasts).where(mine).values(expected=40))

    status, said = callers.press(callers.marta, "approve", count="40")

    assert status == 409
    assert "Other people are in its audience now" in said
    assert "submitted for 40 people; it is 1 now" in said


def test_a_stop_during_the_hold_keeps_everything_here_until_somebody_goes_on(
    callers: Callers,
) -> None:
    callers.approved()
    assert "The first few get it in 2 minutes" in words(callers.rosa.get(callers.page))
    assert 'hx-get="/console' in callers.rosa.get(f"{callers.page}/standing").text
    status, said = callers.press(callers.rosa, "stop")
    assert (status, "Nothing has left" in said) == (303, True)

    callers.work(minutes=30)
    assert callers.called() == {}
    gone = callers.rosa.get(f"{callers.page}/standing")
    assert gone.headers["HX-Redirect"] == callers.page
    assert callers.press(callers.rosa, "resume")[0] == 403
    callers.press(callers.marta, "resume")
    assert callers.call.stage is Stage.HELD
    callers.work(minutes=1)
    assert callers.called() == {}

    callers.work(minutes=1)
    assert set(callers.called()) == {"eva@barrio.example", "bob@aft.example"}


def test_an_edit_after_the_approval_voids_it_and_says_so_before(
    callers: Callers,
) -> None:
    callers.approved()
    form = callers.rosa.get(f"{callers.page}/edit")
    assert "A change voids the approval." in words(form)
    revision = str(callers.call.revision)
    callers.rosa.post(
        f"{callers.page}/edit",
        {**callers.form(), "en-body": "New.", "revision": revision},
    )

    assert (callers.call.stage, callers.call.approver) == (Stage.DRAFT, None)
    for who in (callers.rosa, callers.marta):
        told = words(who.get(callers.page))
        assert "A change by Rosa voided the approval by Marta" in told
    callers.work(minutes=30)
    assert callers.called() == {}


def test_reasons_that_were_given_are_there_when_an_edited_call_is_submitted_anew(
    callers: Callers,
) -> None:
    only_english = dict.fromkeys(("es-headline", "es-reason", "es-body"), "")
    callers.write(**only_english)
    callers.press(
        callers.rosa,
        "submit",
        warning="missing-language",
        **{"why-missing-language": "Eva translates it by phone."},
    )
    callers.press(callers.marta, "approve")
    callers.rosa.post(
        f"{callers.page}/edit",
        {
            **callers.form(**only_english),
            "en-body": "New.",
            "revision": str(callers.call.revision),
        },
    )

    form = callers.rosa.get(callers.page).text

    assert callers.call.stage is Stage.DRAFT
    assert ">Eva translates it by phone.</textarea>" in form


def test_a_call_and_the_list_of_calls_say_that_all_sending_is_stopped(
    callers: Callers,
) -> None:
    callers.approved()
    callers.rosa.post("/console/stop", {"words": "Somebody got in."})
    try:
        for path in (callers.page, "/console/calls"):
            told = words(callers.rosa.get(path))
            assert "All sending is stopped. Somebody got in." in told
    finally:
        switch = callers.house.project.instance
        switch.start(actor="cli", at=callers.house.now)


def test_the_overview_names_who_stopped_a_call_and_why(callers: Callers) -> None:
    callers.approved()
    callers.press(callers.rosa, "stop", reason="It is the wrong gate.")

    told = words(callers.marta.get("/console"))

    assert "Stopped before it left" in told
    assert "It is the wrong gate." in told
    assert "On hold: the time to stop" not in told


def test_one_alone_gives_a_reason_and_every_approver_is_told(callers: Callers) -> None:
    callers.house.person("both@union.example", [Role.APPROVER], codes=True)
    both = callers.house.signed_in("both@union.example")
    both.post("/console/calls/new", callers.form())
    callers.press(both, "submit")
    assert "Nobody else is there?" in words(both.get(callers.page))
    assert callers.press(both, "approve", alone="yes")[0] == 422

    status, said = callers.press(
        both, "approve", alone="yes", reason="Everybody else is in court."
    )

    assert status == 303
    assert "Approved by one person alone: Everybody else is in court." in said
    callers.work()
    told = {to for to, said in callers.letters() if "Everybody else" in said}
    assert told == {"both@union.example", MARTA}


def test_the_audit_log_tells_of_a_call_in_the_words_of_its_page(
    callers: Callers,
) -> None:
    callers.approved()
    callers.house.person("audie@union.example", [Role.AUDITOR])
    log = callers.house.signed_in("audie@union.example").get("/console/audit")

    told = words(log)
    assert "Marta approved it Come to Otay Mesa tonight at 6 people: 2" in told
    assert "Rosa asked for an approval Come to Otay Mesa tonight at 6" in told
    assert "False" not in told
    assert f"/console/calls/{callers.name}" not in log.text  # it is not for auditors

    callers.house.person("nora@union.example", [Role.ADMIN], codes=True)
    nora = callers.house.signed_in("nora@union.example")
    assert f'href="/console/calls/{callers.name}"' in nora.get("/console/audit").text


def test_what_is_previewed_is_sent_to_the_byte(callers: Callers) -> None:
    callers.approved()
    number = callers.house.project.people.find("eva@barrio.example")
    found = callers.rosa.post(
        f"{callers.page}/preview", {"address": "eva@barrio.example"}
    )
    assert found.headers["location"].endswith(f"reader={number}&in=en")
    callers.work(minutes=2)
    shown = callers.rosa.get(f"{callers.page}/message?reader={number}")

    assert shown.text.rstrip() == callers.called()["eva@barrio.example"].rstrip()
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "script-src" not in shown.headers["content-security-policy"]


def test_looking_as_somebody_is_masked_and_logged(callers: Callers) -> None:
    callers.write()
    found = callers.rosa.post(
        f"{callers.page}/preview", {"address": "eva@barrio.example"}
    )
    page = callers.rosa.get(found.headers["location"])
    assert "As e…@barrio.example gets it" in words(page)
    assert "Subject Urgente: Vengan a Otay Mesa hoy a las 6 After it Esta" in words(
        page
    )
    assert "eva@barrio.example" not in page.text
    callers.rosa.get(
        re.findall(r'src="([^"]+message[^"]+)"', page.text)[0].replace("&amp;", "&")
    )

    assert callers.house.verbs()[0] == "look at preview"
    nobody = callers.rosa.post(
        f"{callers.page}/preview", {"address": "no@body.example"}
    )
    assert (nobody.status_code, "Nobody with this address" in words(nobody)) == (
        422,
        True,
    )
    assert callers.house.verbs()[0] == "look in vain"
    assert "no@body.example" not in str(
        callers.house.project.console.records.latest(most=9)
    )
    opened = callers.rosa.get(f"{callers.page}/message", Sec_Fetch_Dest="document")
    assert opened.status_code == 303


def test_a_test_goes_to_whoever_presses_and_to_nobody_else(callers: Callers) -> None:
    callers.write()
    status, said = callers.press(callers.rosa, "test", address=MARTA)
    callers.work()

    assert (status, f"on its way to {ROSA}" in said) == (303, True)
    assert set(callers.called()) == {ROSA}
    assert callers.call.stage is Stage.DRAFT


def test_a_report_of_what_lies_in_the_outbox_claims_no_delivery_and_no_bounce(
    callers: Callers,
) -> None:
    callers.approved()
    callers.work(minutes=2)
    callers.work(minutes=3)

    told = words(callers.rosa.get(f"/console/mailings/{callers.call.mailing}"))

    assert "Nobody tells what became of it" in told
    assert "Left the list since 0" in told
    assert "Delivered 0" not in told


def test_those_who_got_the_wrong_version_are_prefilled(callers: Callers) -> None:
    callers.approved()
    callers.work(minutes=2)
    callers.work(minutes=3)
    assert callers.call.stage is Stage.DONE
    page = callers.rosa.get(callers.page).text
    link = re.findall(r'href="([^"]+corrects=[^"]+)"', page)[0]
    form = callers.rosa.get(link).text

    assert f'name="corrects" value="{callers.name}"' in form
    assert f'name="include-value" value="{callers.name}"' in form
    assert f'value="{callers.name[7:]}-corrected"' in form
    assert "Correction:\nCome to Otay Mesa\ntonight at 6</textarea>" in form
    assert "Corrección:\nVengan a Otay Mesa\nhoy a las 6</textarea>" in form
    assert "Bring **water**.</textarea>" in form
    assert 'name="urgent" value="yes" checked' in form
    assert "To whoever got “Come to Otay Mesa tonight at 6”" in form
    assert "People sent “Come to Otay Mesa tonight at 6”." in form
    assert f'<option value="{callers.name}">got the mailing: Come to' in form


@pytest.mark.parametrize("nasty", HOSTILE)
def test_hostile_words_are_printed_and_run_nowhere(
    callers: Callers, nasty: str
) -> None:
    said = {f"en-{key}": nasty for key in ("headline", "reason", "body", "where")}
    form = {**callers.form(), **said, "find": nasty}
    typed = callers.rosa.post("/console/calls/new", {**form, "action": "find"}).text
    callers.write(**said)
    pages = [
        typed,
        callers.rosa.get("/console").text,
        callers.rosa.get("/console/calls").text,
        callers.rosa.get(callers.page).text,
        callers.rosa.get(f"{callers.page}/edit").text,
        callers.rosa.get(f"{callers.page}/preview").text,
        callers.rosa.get(f"/console/calls/new?corrects={callers.name}").text,
        callers.rosa.get(f"{callers.page}/message?in=en").text,
    ]

    for page in pages:
        assert foreign(page) == []
    if "{{" in nasty:
        assert "{{ 7 * 7 }}{% raw %}" in pages[-1]


@pytest.mark.parametrize("nasty", [*HOSTILE, "x" * 5000, "../..", "\x00", "a/b/c", "-"])
def test_a_correction_of_what_there_is_not_opens_a_form_that_runs_nothing(
    callers: Callers, nasty: str
) -> None:
    for name in (f"urgent/{nasty}", nasty):
        page = callers.rosa.get(f"/console/calls/new?{urlencode({'corrects': name})}")

        assert page.status_code in (200, 404, 422), page.status_code
        assert foreign(page.text) == []


class Elements(HTMLParser):
    """Notes what a browser would run or fetch that no template of ours wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        ours = said.get("src", "").startswith("/console/")
        if tag in ("script", "iframe", "img", "svg", "object") and not ours:
            self.found.append(tag)
        self.found += [
            name
            for name, value in said.items()
            if name.startswith("on")
            or name == "srcdoc"
            or (
                value.strip().lower().startswith("javascript:")
                and name in ("href", "src", "action", "formaction")
            )
        ]


def foreign(page: str) -> list[str]:
    elements = Elements()
    elements.feed(page)
    return elements.found


def test_the_list_shows_each_stage_and_who_wrote(callers: Callers) -> None:
    callers.submitted()
    callers.write(edition="second")

    waiting = callers.rosa.get("/console/calls?stage=waiting")
    assert "Come to Otay Mesa tonight at 6 Rosa" in words(waiting)
    assert f'{callers.page}"' in waiting.text
    assert "calls/urgent/second" not in waiting.text
    drafts = callers.rosa.get("/console/calls?stage=draft").text
    assert "calls/urgent/second" in drafts
    assert f'{callers.page}"' not in drafts
    assert words(callers.marta.get("/console")).count("Waits for your approval") == 1
    assert callers.rosa.get("/console/calls/urgent/nothing").status_code == 404


def test_a_rule_that_rows_cannot_say_is_written_and_kept_as_json(
    callers: Callers,
) -> None:
    rule = {"include": [{"not": {"language": "es"}}]}
    callers.write(rule=json.dumps(rule))
    form = callers.rosa.get(f"{callers.page}/edit").text

    assert callers.call.draft.audience.include
    assert "&#34;not&#34;" in form
    assert "but nobody" not in words(callers.rosa.get(callers.page))


def test_once_approved_it_says_who_confirmed_it_and_is_sent_as_it_was_previewed(
    callers: Callers,
) -> None:
    project = callers.house.project
    coming = project.public_actions.listed(callers.house.now, limit=9)
    [public] = [
        each.action.public_id
        for each in coming
        if each.action.facts.target == "Otay Mesa"
    ]
    reader = callers.house.project.calls.subscriber("eva@barrio.example")
    message = f"{callers.page}/message?in=es&reader={reader}"

    callers.submitted(about=public, **{"include-value": "CA"})
    before = callers.marta.get(message).text
    status, said = callers.press(callers.marta, "approve")
    assert status == 303, said
    callers.house.now += timedelta(minutes=1)
    previewed = callers.marta.get(message).text
    callers.work(minutes=2)

    assert "Lo revisaron" not in before
    assert "Confirmado por Unión del Barrio." in previewed
    assert "Lo revisaron dos personas" in previewed
    assert callers.called()["eva@barrio.example"] == previewed


def test_what_asks_for_an_approval_is_no_lists_mail(callers: Callers) -> None:
    callers.submitted()
    both = {"alone": "yes", "reason": "Nobody else is awake."}
    callers.house.person("both@union.example", [Role.AUTHOR, Role.APPROVER], codes=True)
    callers.press(callers.house.signed_in("both@union.example"), "approve", **both)
    callers.work()

    letters = [
        email.message_from_bytes(file.read_bytes()) for file in outbox(callers.house)
    ]
    assert len(letters) >= 2  # one that asks, one that tells of a lone approval
    for each in letters:
        assert not [name for name in each if name.startswith("List-")]
        assert each["Auto-Submitted"] == "auto-generated"
